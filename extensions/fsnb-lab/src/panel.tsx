/** The panel: which catalog, search and facets, tree or publications, details. */

import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Acts } from './acts';
import { DetailPane } from './detail';
import { Model, sentence } from './model';
import { Publications } from './publications';
import { Row, rowsOf } from './rows';
import { Tree } from './tree';
import { Trouble } from './trouble';
import type { Overview } from './types';
import { many } from './words';

const FACETS = 12; // shown before "more"

export class Panel extends ReactWidget {
  constructor(
    readonly model: Model,
    private readonly acts: Omit<Acts, 'back'>
  ) {
    super();
    this.addClass('fsnb-panel');
  }

  /** Put the cursor into the search. */
  search(): void {
    this.node.querySelector<HTMLInputElement>('.fsnb-search input')?.focus();
  }

  protected override onAfterShow(): void {
    void this.model.refresh(); // what events told while nobody listened
  }

  protected override render(): JSX.Element {
    const back = (): void => {
      this.model.close();
      this.node.querySelector<HTMLElement>('.fsnb-tree, .fsnb-cards')?.focus();
    };
    return (
      <UseSignal signal={this.model.changed}>
        {() => <Body model={this.model} acts={{ ...this.acts, back }} />}
      </UseSignal>
    );
  }
}

function Body({ model, acts }: { model: Model; acts: Acts }): JSX.Element {
  const { overview, details } = model;
  return (
    <div className="fsnb-body">
      <Header model={model} />
      {overview.state === 'error' && <Trouble message={overview.message} again={() => void model.start()} />}
      {overview.state === 'loading' && !model.none && <p className="fsnb-note fsnb-fill">Loading…</p>}
      {overview.state === 'loading' && model.none && <NoCatalog model={model} acts={acts} />}
      {overview.state === 'ready' && <Catalog model={model} acts={acts} overview={overview.value} />}
      {overview.state === 'ready' && details && <DetailPane model={model} acts={acts} details={details} />}
      <p className="fsnb-unseen" role="status">
        {model.said}
      </p>
    </div>
  );
}

// ---------------------------------------------------------------------- which catalog

function Header({ model }: { model: Model }): JSX.Element {
  const [typing, setTyping] = React.useState(false);
  const OTHER = '\u0000other';
  return (
    <header className="fsnb-header">
      <div className="fsnb-catalog">
        <select
          aria-label="Catalog"
          title={model.overview.state === 'ready' ? model.overview.value.where : ''}
          value={model.place ?? ''}
          onChange={event => {
            event.target.value === OTHER ? setTyping(true) : void model.read(event.target.value);
          }}
        >
          {model.place === null && <option value="">{model.none ? 'no catalog' : '…'}</option>}
          {model.place !== null && !model.places.some(each => each.id === model.place) && (
            <option value={model.place}>{model.place}</option>
          )}
          {model.places.map(place => (
            <option key={place.id} value={place.id}>
              {place.folder || place.where}
            </option>
          ))}
          <option value={OTHER}>Another catalog…</option>
        </select>
        <button className="fsnb-plain" aria-label="Refresh" title="Refresh" onClick={() => void model.start()}>
          ⟳
        </button>
      </div>
      {typing && <OtherCatalog model={model} onDone={() => setTyping(false)} />}
    </header>
  );
}

function OtherCatalog({ model, onDone }: { model: Model; onDone(): void }): JSX.Element {
  const [path, setPath] = React.useState('');
  const [wrong, setWrong] = React.useState('');
  const open = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    try {
      await model.open(path);
      onDone();
    } catch (error) {
      setWrong(sentence(error));
    }
  };
  return (
    <form className="fsnb-other" onSubmit={event => void open(event)}>
      <input
        autoFocus
        aria-label="Path of a catalog, from the server's root"
        aria-describedby="fsnb-other-wrong"
        placeholder="notebooks/.fsnb"
        value={path}
        onChange={event => setPath(event.target.value)}
        onKeyDown={event => event.key === 'Escape' && onDone()}
      />
      <button type="submit">Open</button>
      <button type="button" onClick={onDone}>
        Cancel
      </button>
      <p id="fsnb-other-wrong" className="fsnb-error" role="alert">
        {wrong}
      </p>
    </form>
  );
}

function NoCatalog({ model, acts }: { model: Model; acts: Acts }): JSX.Element {
  const code = 'import fsnb\n\n%load_ext fsnb\nstore = fsnb.open()\nstore';
  return (
    <div className="fsnb-fill fsnb-empty">
      <p>There is no feature catalog in this folder yet.</p>
      <p className="fsnb-note">The first fsnb.open() in a notebook makes one beside it.</p>
      <p className="fsnb-actions">
        <button onClick={() => acts.insert(code)}>Insert fsnb.open()</button>
        <button onClick={() => void model.start()}>Look again</button>
      </p>
    </div>
  );
}

// ---------------------------------------------------------------------- what is in it

function Catalog({ model, acts, overview }: { model: Model; acts: Acts; overview: Overview }): JSX.Element {
  const tab = (name: 'features' | 'publications', label: string): JSX.Element => (
    <button
      role="tab"
      id={`fsnb-tab-${name}`}
      aria-selected={model.tab === name}
      aria-controls="fsnb-tabpanel"
      tabIndex={model.tab === name ? 0 : -1}
      onClick={() => model.show(name)}
    >
      {label}
    </button>
  );
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>): void => {
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      const other = model.tab === 'features' ? 'publications' : 'features';
      model.show(other);
      event.currentTarget.querySelector<HTMLElement>(`#fsnb-tab-${other}`)?.focus();
    }
  };
  return (
    <>
      <div className="fsnb-tabs" role="tablist" aria-label="What to show" onKeyDown={onKeyDown}>
        {tab('features', 'Features')}
        {tab('publications', 'Publications')}
      </div>
      <div className="fsnb-tabpanel" id="fsnb-tabpanel" role="tabpanel" aria-labelledby={`fsnb-tab-${model.tab}`}>
        {model.tab === 'features' ? (
          <Features model={model} acts={acts} overview={overview} />
        ) : (
          <Publications model={model} />
        )}
      </div>
    </>
  );
}

function Features({ model, acts, overview }: { model: Model; acts: Acts; overview: Overview }): JSX.Element {
  const [toggled, setToggled] = React.useState<ReadonlySet<string>>(new Set());
  const rows = React.useMemo(() => rowsOf(overview, model.filter, toggled), [overview, model.filter, toggled]);
  const toggle = (row: Row): void => {
    if ('toggle' in row) {
      const next = new Set(toggled);
      next.delete(row.toggle) || next.add(row.toggle);
      setToggled(next);
    }
  };
  const choose = (row: Row): void => {
    if (row.kind === 'source') {
      void model.choose({ kind: 'source', name: row.name });
    } else if (row.kind !== 'entity') {
      const feature = row.kind === 'feature' ? { feature: row.name } : {};
      void model.choose({ kind: 'view', name: row.view.name, ...feature });
    }
  };
  return (
    <>
      <Search model={model} />
      <Facets model={model} name="tags" title="tags" values={overview.tags} />
      <Facets model={model} name="owners" title="owners" values={overview.owners} />
      {rows.length > 0 && (
        <Tree rows={rows} chosen={chosenKey(model)} onToggle={toggle} onChoose={choose} onEscape={acts.back} />
      )}
      {rows.length === 0 && <Nothing model={model} empty={!overview.views.length && !overview.sources.length} />}
    </>
  );
}

function chosenKey(model: Model): string | null {
  const chosen = model.details?.chosen;
  if (!chosen) {
    return null;
  }
  const key = `${chosen.kind}:${chosen.name}`;
  return chosen.feature === undefined ? key : `${key}/${chosen.feature}`;
}

function Search({ model }: { model: Model }): JSX.Element {
  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'Escape' && model.query) {
      event.stopPropagation();
      model.clear();
    } else if (event.key === 'ArrowDown') {
      event.preventDefault();
      event.currentTarget.closest('.fsnb-body')?.querySelector<HTMLElement>('.fsnb-tree')?.focus();
    }
  };
  return (
    <div className="fsnb-search">
      <input
        type="search"
        aria-label="Search features"
        placeholder="Search, or owner:ops tag:delay"
        value={model.query}
        onChange={event => model.type(event.target.value)}
        onKeyDown={onKeyDown}
      />
    </div>
  );
}

interface FacetsProps {
  model: Model;
  name: 'owners' | 'tags';
  title: string;
  values: [string, number][];
}

function Facets({ model, name, title, values }: FacetsProps): JSX.Element | null {
  const [all, setAll] = React.useState(false);
  const shown = all ? values : values.slice(0, FACETS);
  if (!values.length) {
    return null;
  }
  return (
    <div className="fsnb-facets" role="group" aria-label={title}>
      <span className="fsnb-note" aria-hidden="true">
        {title}
      </span>
      {shown.map(([value, count]) => (
        <button
          key={value}
          className="fsnb-facet"
          aria-pressed={model.filter[name].has(value)}
          title={`${value.slice(0, 400)}: ${many(count, 'view')}`}
          onClick={() => model.toggle(name, value)}
        >
          {value}
        </button>
      ))}
      {values.length > shown.length && (
        <button className="fsnb-plain" onClick={() => setAll(true)}>
          {values.length - shown.length} more
        </button>
      )}
    </div>
  );
}

function Nothing({ model, empty }: { model: Model; empty: boolean }): JSX.Element {
  return empty ? (
    <div className="fsnb-fill fsnb-empty">
      <p>This catalog is empty.</p>
      <p className="fsnb-note">Define a source and a feature view in a notebook; they show up here at once.</p>
    </div>
  ) : (
    <div className="fsnb-fill fsnb-empty">
      <p>Nothing matches.</p>
      <button onClick={() => model.clear()}>Clear search and filters</button>
    </div>
  );
}
