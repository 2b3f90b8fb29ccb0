/** What is published where, up to when, on which evidence, and what is due or failed since. */

import * as React from 'react';
import type { Model } from './model';
import { Trouble } from './trouble';
import type { Certificate, Publication } from './types';
import { STATES, ago, many, utc } from './words';

export function Publications({ model }: { model: Model }): JSX.Element {
  const found = model.publications;
  if (found.state === 'loading') {
    return <p className="fsnb-note fsnb-fill">Loading…</p>;
  }
  if (found.state === 'error') {
    return <Trouble message={found.message} again={() => model.show('publications')} />;
  }
  if (!found.value.length) {
    return (
      <div className="fsnb-fill fsnb-empty">
        <p>Nothing is published yet.</p>
        <p className="fsnb-note">Choose a view and press Publish, or call store.publish(view, to="prod") in a cell.</p>
      </div>
    );
  }
  return (
    <ul className="fsnb-fill fsnb-scroll fsnb-cards" tabIndex={0} aria-label="Publications">
      {found.value.map(each => (
        <li key={`${each.view} ${each.target}`}>
          <PublicationCard of={each} onOpen={() => void model.choose({ kind: 'view', name: each.view })} />
        </li>
      ))}
    </ul>
  );
}

export function PublicationCard({ of, onOpen }: { of: Publication; onOpen?: () => void }): JSX.Element {
  const state = STATES[of.state];
  const what = `${of.version === null ? '' : `v${of.version} on `}${of.target ?? ''}`;
  return (
    <div className="fsnb-card">
      <p className="fsnb-card-head">
        {onOpen ? (
          <button className="fsnb-plain fsnb-name" title={of.view.slice(0, 400)} onClick={onOpen}>
            {of.view}
          </button>
        ) : (
          <strong>{what}</strong>
        )}
        <span className={`fsnb-state fsnb-state-${of.state}`} title={state.about}>
          {state.sign} {state.said}
        </span>
      </p>
      {onOpen && <p className="fsnb-note">{what}</p>}
      {of.version !== null && <Told of={of} />}
      {of.certificate && <CertificateLine of={of.certificate} />}
      {of.failure && (
        <p className="fsnb-error">
          ! Failed{of.failure.when ? ` ${ago(of.failure.when)}` : ''}: {of.failure.message}
        </p>
      )}
    </div>
  );
}

function Told({ of }: { of: Publication }): JSX.Element {
  const { done, due } = of.intervals;
  const when = of.finished ? `${ago(of.finished)}` : '';
  return (
    <>
      <p className="fsnb-note" title={of.finished ? utc(of.finished) : ''}>
        {of.mode === 'view' ? `a database view, ${when}` : `${many(of.rows ?? 0, 'entity', 'entities')}, ${when}`}
        {of.promoted === false && ', beside the promoted version'}
      </p>
      {of.mode !== 'view' && (
        <p className="fsnb-intervals" title="Done by this catalog's publications; due by the clock. A dry run says it exactly.">
          <span className="fsnb-good">● {many(done, 'interval')} done</span>
          {due !== null && due > 0 && <span className="fsnb-due">◐ {due.toLocaleString('en')} due</span>}
          {of.intervals.failed && <span className="fsnb-bad">✗ failed</span>}
        </p>
      )}
      {of.mode !== 'view' && of.end && <p className="fsnb-note">up to {utc(of.end)}</p>}
    </>
  );
}

export function CertificateLine({ of }: { of: Certificate }): JSX.Element {
  const sides = Object.entries(of.sides).map(([side, engine]) => `${side}: ${engine}`);
  const wrong = of.columns.filter(column => column.differ > 0).map(column => column.name);
  return (
    <div className="fsnb-certificate">
      <p className={of.ok ? 'fsnb-good' : 'fsnb-bad'}>
        {of.ok ? '✓ agree' : '✗ DISAGREE'} on {many(of.rows ?? 0, 'row')}
        {wrong.length > 0 && ` (${wrong.slice(0, 5).join(', ')})`}
      </p>
      <p className="fsnb-note">{sides.join('; ')}</p>
      {of.oracle && of.oracle !== 'used' && <p className="fsnb-note">oracle: {of.oracle}</p>}
    </div>
  );
}
