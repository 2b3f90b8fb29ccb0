/**
 * Publish a view: first what would change, what is due and the certificate, then a cell in the active notebook.
 *
 * All three run in that notebook's kernel, which has the store, the data and the passwords; the server has none of them.
 */

import * as React from 'react';
import type { Acts } from './acts';
import { Changes, Fact, Part } from './detail';
import { sentence, type Loading, type Model } from './model';
import { CertificateLine } from './publications';
import type { Certificate, Rehearsal, ViewDetail } from './types';
import { many, utc } from './words';

interface Props {
  model: Model;
  acts: Acts;
  view: ViewDetail;
  onClose(): void;
}

export function Publishing({ model, acts, view, onClose }: Props): JSX.Element {
  const targets = model.overview.state === 'ready' ? model.overview.value.targets : [];
  const [target, setTarget] = React.useState(view.publications[0]?.target ?? targets[0] ?? '');
  const [plan, setPlan] = React.useState<Loading<Rehearsal> | null>(null);
  const [proof, setProof] = React.useState<Loading<Certificate> | null>(null);
  const [allowed, setAllowed] = React.useState(false);
  const catalog = model.overview.state === 'ready' ? model.overview.value.where : '';

  const rehearse = async (): Promise<void> => {
    setPlan({ state: 'loading' });
    setProof(null);
    const planned = await settled(acts.ask<Rehearsal>('rehearsed', [view.name, target, catalog]));
    setPlan(planned);
    if (planned.state === 'ready') {
      setProof({ state: 'loading' });
      setProof(await settled(acts.ask<Certificate>('certified', [view.name, target, catalog])));
    }
  };
  const ready = plan?.state === 'ready' && proof?.state === 'ready' && proof.value.ok;
  const breaking = plan?.state === 'ready' && plan.value.changes.some(change => change.breaking);
  const publish = (): void => {
    if (plan?.state === 'ready') {
      acts.run(breaking ? plan.value.breaking_cell : plan.value.cell);
      onClose();
    }
  };
  return (
    <div className="fsnb-scroll" tabIndex={0} role="region" aria-label={`Publish ${view.name}`}>
      <Part title="Publish">
        {targets.length ? (
          <p className="fsnb-actions">
            <label>
              to{' '}
              <select
                value={target}
                onChange={event => {
                  setTarget(event.target.value);
                  setPlan(null);
                  setProof(null);
                }}
              >
                {targets.map(name => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
            <button onClick={() => void rehearse()} disabled={plan?.state === 'loading' || proof?.state === 'loading'}>
              Dry run
            </button>
            <button onClick={onClose}>Cancel</button>
          </p>
        ) : (
          <p className="fsnb-note">
            There is no target. Name one in a cell: store.target("prod", "postgresql://…").{' '}
            <button onClick={onClose}>Back</button>
          </p>
        )}
        <p className="fsnb-note">It runs in the kernel of the active notebook. A dry run writes nothing.</p>
      </Part>
      <div aria-live="polite">
        <Outcome of={plan} waiting="Asking the target what would change…" shown={value => <Plan of={value} />} />
        <Outcome of={proof} waiting="Comparing engines for the certificate…" shown={Proof} />
      </div>
      {ready && (
        <div className="fsnb-part">
          {breaking && (
            <label className="fsnb-allow">
              <input type="checkbox" checked={allowed} onChange={event => setAllowed(event.target.checked)} /> Publish although
              readers will notice
            </label>
          )}
          <button className="fsnb-primary" disabled={breaking && !allowed} onClick={publish}>
            Publish to {target}
          </button>
        </div>
      )}
    </div>
  );
}

interface OutcomeProps<T> {
  of: Loading<T> | null;
  waiting: string;
  shown(value: T): JSX.Element;
}

function Outcome<T>({ of, waiting, shown }: OutcomeProps<T>): JSX.Element | null {
  if (of === null) {
    return null;
  }
  if (of.state === 'loading') {
    return <p className="fsnb-note">{waiting}</p>;
  }
  return of.state === 'error' ? (
    <p className="fsnb-error" role="alert">
      {of.message}
    </p>
  ) : (
    shown(of.value)
  );
}

function Plan({ of }: { of: Rehearsal }): JSX.Element {
  const first = of.intervals[0];
  const last = of.intervals[of.intervals.length - 1];
  return (
    <Part title="What would change">
      <dl>
        <Fact name="version">
          {`v${of.version}${of.promoted === null ? ', the first' : `; readers have v${of.promoted}`}`}
        </Fact>
        <Fact name="intervals">
          {many(of.due, 'interval')} due
          {first && last && (
            <>
              , <time>{utc(first[0]).replace(' UTC', '')}</time> to <time>{utc(last[1])}</time>
            </>
          )}
          ; {of.kept.toLocaleString('en')} up to date
        </Fact>
        <Fact name="rows">{`${many(of.rows_scanned, 'source row')} to read, at most ${many(of.rows_staged, 'row')} to append`}</Fact>
        <Fact name="used by">{of.users.join(', ')}</Fact>
      </dl>
      {of.changes.length > 0 && <Changes of={of.changes} />}
      {of.changes.length === 0 && of.promoted !== null && <p className="fsnb-note">The definition is what readers have.</p>}
    </Part>
  );
}

function Proof(of: Certificate): JSX.Element {
  return (
    <Part title="Certificate">
      <CertificateLine of={of} />
    </Part>
  );
}

async function settled<T>(work: Promise<T>): Promise<Loading<T>> {
  try {
    return { state: 'ready', value: await work };
  } catch (error) {
    return { state: 'error', message: sentence(error) };
  }
}
