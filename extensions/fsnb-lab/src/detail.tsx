/** The lower half: one view or source. */

import * as React from 'react';
import type { Acts } from './acts';
import { LineageGraph, Sparkline, summary } from './pictures';
import { PublicationCard } from './publications';
import { Publishing } from './publishing';
import { Trouble } from './trouble';
import type { Details, Loading, Model } from './model';
import type { Change, Code, Diff, SourceDetail, Version, ViewDetail } from './types';
import { STATES, ago, many, utc } from './words';

interface Props {
  model: Model;
  acts: Acts;
  details: Details;
}

export function DetailPane({ model, acts, details }: Props): JSX.Element {
  const { chosen, detail } = details;
  const [publishing, setPublishing] = React.useState(false);
  React.useEffect(() => setPublishing(false), [chosen.kind, chosen.name]);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      acts.back();
    }
  };
  return (
    <section className="fsnb-detail" aria-label={`${chosen.kind} ${chosen.name}`} onKeyDown={onKeyDown}>
      <header className="fsnb-detail-head">
        <h2 title={chosen.name.slice(0, 400)} tabIndex={-1}>
          {chosen.name}
        </h2>
        <button className="fsnb-plain" aria-label="Close details" title="Close (Escape)" onClick={acts.back}>
          ✕
        </button>
      </header>
      {detail.state === 'loading' && <p className="fsnb-note">Loading…</p>}
      {detail.state === 'error' && <Trouble message={detail.message} again={() => void model.choose(chosen)} />}
      {detail.state === 'ready' && detail.value.kind === 'view' && publishing && (
        <Publishing model={model} acts={acts} view={detail.value} onClose={() => setPublishing(false)} />
      )}
      {detail.state === 'ready' && detail.value.kind === 'view' && !publishing && (
        <ViewBody model={model} acts={acts} view={detail.value} details={details} onPublish={() => setPublishing(true)} />
      )}
      {detail.state === 'ready' && detail.value.kind === 'source' && (
        <SourceBody model={model} acts={acts} source={detail.value} details={details} />
      )}
    </section>
  );
}

interface ViewProps extends Props {
  view: ViewDetail;
  onPublish(): void;
}

function ViewBody({ model, acts, view, details, onPublish }: ViewProps): JSX.Element {
  const feature = details.chosen.feature;
  const state = STATES[view.state];
  return (
    <div className="fsnb-scroll" tabIndex={0} role="region" aria-label={`Details of ${view.name}`}>
      <p className="fsnb-actions fsnb-even">
        <InsertButtons code={view.code} acts={acts} />
        <button onClick={() => acts.preview(view.name, feature)}>Open preview</button>
        <button onClick={onPublish}>Publish…</button>
      </p>
      {view.trouble && <p className="fsnb-error">{view.trouble}</p>}
      {view.description && <p className="fsnb-description">{view.description}</p>}
      <dl>
        <Fact name="state">
          <span className={`fsnb-state fsnb-state-${view.state}`}>
            {state.sign} {state.said}
          </span>
        </Fact>
        <Fact name="entity">{`${view.entity.name} (${(view.entity.keys ?? []).join(', ')})`}</Fact>
        <Fact name="sources">{view.sources.join(', ')}</Fact>
        <Fact name="owner">{view.owner}</Fact>
        <Fact name="tags">{view.tags.join(', ')}</Fact>
        <Fact name="version">{`${view.version} of ${view.latest}, ${view.fingerprint}`}</Fact>
        <Fact name="freshness">{freshness(view)}</Fact>
      </dl>
      {view.rules.length > 0 && (
        <Part title="Rules of time">
          <ul>
            {view.rules.map(rule => (
              <li key={rule}>{rule}</li>
            ))}
          </ul>
        </Part>
      )}
      <Part title={many(view.features.length, 'feature')}>
        <Features view={view} chosen={feature} />
      </Part>
      <LineagePart model={model} details={details} />
      <Part title="Publications">
        {view.publications.length ? (
          view.publications.map(each => <PublicationCard key={each.target} of={each} />)
        ) : (
          <p className="fsnb-note">Not published yet.</p>
        )}
      </Part>
      <Versions model={model} name={view.name} kind="view" shown={view.version} versions={view.versions} />
    </div>
  );
}

function SourceBody({ model, acts, source, details }: Props & { source: SourceDetail }): JSX.Element {
  return (
    <div className="fsnb-scroll" tabIndex={0} role="region" aria-label={`Details of ${source.name}`}>
      <p className="fsnb-actions">
        <button onClick={() => acts.insert(source.code.definition)}>Insert code</button>
      </p>
      {source.description && <p className="fsnb-description">{source.description}</p>}
      <dl>
        <Fact name="event time">{source.event_time ?? 'none: one row per key'}</Fact>
        <Fact name="available">{source.available ?? 'not declared: known as it happens'}</Fact>
        <Fact name="version">{`${source.version} of ${source.latest}`}</Fact>
      </dl>
      <Part title={many(source.columns.length, 'column')}>
        <table>
          <tbody>
            {source.columns.map(column => (
              <tr key={column.name}>
                <th scope="row">{column.name}</th>
                <td>{column.type}</td>
                <td>{column.role}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Part>
      <LineagePart model={model} details={details} />
      <Versions model={model} name={source.name} kind="source" shown={source.version} versions={source.versions} />
    </div>
  );
}

function InsertButtons({ code, acts }: { code: Code; acts: Acts }): JSX.Element {
  return (
    <>
      <button title="A cell with the Python that defines this view" onClick={() => acts.insert(code.definition)}>
        Insert definition
      </button>
      <button title="A cell that fills your spine with its features" onClick={() => acts.insert(code.retrieval)}>
        Insert retrieval
      </button>
    </>
  );
}

function freshness(view: ViewDetail): string {
  if (!view.profile) {
    return 'not looked at yet';
  }
  const { newest, of, taken } = view.profile;
  return newest ? `newest row ${utc(newest)}; ${of}, looked at ${ago(taken)}` : `${of}, looked at ${ago(taken)}`;
}

function Features({ view, chosen }: { view: ViewDetail; chosen: string | undefined }): JSX.Element {
  const row = React.useRef<HTMLTableRowElement>(null);
  React.useEffect(() => {
    row.current?.scrollIntoView({ block: 'center' }); // newer browsers answer a promise, which is no clean-up
  }, [chosen, view.name]);
  return (
    <table className="fsnb-features">
      <thead>
        <tr>
          <th scope="col">name</th>
          <th scope="col">type</th>
          <th scope="col">distribution</th>
        </tr>
      </thead>
      <tbody>
        {view.features.map(({ name, type, distribution }, number) => (
          <React.Fragment key={name}>
            <tr ref={name === chosen ? row : null} className={name === chosen ? 'fsnb-chosen' : ''}>
              <th scope="row" title={[name.slice(0, 400), view.computed[name] ?? ''].filter(Boolean).join(' = ')}>
                {name}
              </th>
              <td>{type}</td>
              <td title={distribution ? summary(distribution) : 'Not looked at yet: store.profile(view)'}>
                <Sparkline name={name} of={distribution} />
              </td>
            </tr>
            {view.computed[name] !== view.computed[view.features[number + 1]?.name ?? ''] && (
              <tr className="fsnb-formula">
                <td colSpan={3}>{view.computed[name]}</td>
              </tr>
            )}
          </React.Fragment>
        ))}
      </tbody>
    </table>
  );
}

function LineagePart({ model, details }: { model: Model; details: Details }): JSX.Element {
  const { lineage } = details;
  const open = (kind: string, name: string): void => {
    if (kind === 'view' || kind === 'source') {
      void model.choose({ kind, name });
    }
  };
  return (
    <Part title="Lineage">
      {lineage.state === 'ready' && <LineageGraph of={lineage.value} onOpen={open} />}
      {lineage.state === 'error' && <p className="fsnb-error">{lineage.message}</p>}
    </Part>
  );
}

interface VersionsProps {
  model: Model;
  kind: 'view' | 'source';
  name: string;
  shown: number;
  versions: Version[];
}

function Versions({ model, kind, name, shown, versions }: VersionsProps): JSX.Element {
  const [diff, setDiff] = React.useState<{ of: number; found: Loading<Diff> } | null>(null);
  const compare = async (version: number): Promise<void> => {
    setDiff({ of: version, found: { state: 'loading' } });
    setDiff({ of: version, found: await model.diff(`${name}@${version - 1}`, `${name}@${version}`) });
  };
  return (
    <Part title={many(versions.length, 'version')}>
      <ol className="fsnb-versions">
        {versions.map(each => (
          <li key={each.version}>
            <button
              className="fsnb-plain"
              aria-current={each.version === shown}
              onClick={() => void model.choose({ kind, name, version: each.version })}
            >
              v{each.version}
            </button>{' '}
            <span className="fsnb-note" title={utc(each.when)}>
              {ago(each.when)} by {each.by}
            </span>{' '}
            {each.changed && (
              <button className="fsnb-plain" onClick={() => void compare(each.version)}>
                {each.breaking ? '✗ breaking: ' : ''}
                {each.changed}
              </button>
            )}
            {diff?.of === each.version && <DiffLines found={diff.found} />}
          </li>
        ))}
      </ol>
    </Part>
  );
}

function DiffLines({ found }: { found: Loading<Diff> }): JSX.Element {
  if (found.state !== 'ready') {
    return <p className="fsnb-note">{found.state === 'error' ? found.message : 'Loading…'}</p>;
  }
  return (
    <div>
      <p className="fsnb-note">{`${found.value.old} → ${found.value.new}: ${found.value.verdict}`}</p>
      <Changes of={found.value.changes.map(each => ({ text: changed(each), breaking: each.breaking }))} />
    </div>
  );
}

export function Changes({ of }: { of: { text: string; breaking: boolean }[] }): JSX.Element {
  return (
    <ul className="fsnb-changes">
      {of.map(each => (
        <li key={each.text} className={each.breaking ? 'fsnb-breaking' : ''}>
          <span aria-hidden="true">{each.breaking ? '✗ ' : '+ '}</span>
          {each.text}
          {each.breaking && <span className="fsnb-unseen"> (breaking)</span>}
        </li>
      ))}
    </ul>
  );
}

function changed(change: Change): string {
  const { kind, what, old, new: now } = change;
  if (old === null) {
    return `${kind} ${what} added: ${now}`;
  }
  return now === null ? `${kind} ${what} removed: it was ${old}` : `${kind} ${what}: ${old} → ${now}`;
}

export function Part({ title, children }: React.PropsWithChildren<{ title: string }>): JSX.Element {
  return (
    <section className="fsnb-part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

export function Fact({ name, children }: React.PropsWithChildren<{ name: string }>): JSX.Element | null {
  return children ? (
    <div className="fsnb-fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  ) : null;
}
