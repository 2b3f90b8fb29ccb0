/** Overview -> the rows of the tree. Pure: what is shown depends on nothing else. */

import type { Overview, SourceRow, ViewRow } from './types';

export type Row =
  | { key: string; level: 1; kind: 'entity'; name: string; note: string; toggle: string; open: boolean; size: number; position: number }
  | { key: string; level: 2; kind: 'view'; name: string; view: ViewRow; toggle: string; open: boolean; size: number; position: number }
  | { key: string; level: 3; kind: 'feature'; name: string; view: ViewRow; size: number; position: number }
  | { key: string; level: 2; kind: 'source'; name: string; source: SourceRow; size: number; position: number };

/** What narrows the tree: documents that a search found (null: all), its words, and the facets that were chosen. */
export interface Filter {
  found: ReadonlySet<string> | null;
  words: string[];
  owners: ReadonlySet<string>;
  tags: ReadonlySet<string>;
}

export const SOURCES = 'entity:\u0000sources';

export function matches(view: ViewRow, filter: Filter): boolean {
  return (
    (filter.found === null || filter.found.has(`view ${view.name}`)) &&
    (filter.owners.size === 0 || filter.owners.has(view.owner)) &&
    (filter.tags.size === 0 || view.tags.some(tag => filter.tags.has(tag)))
  );
}

/** The words of a query that may be part of a feature's name, folded as the server folds them. */
export function plainWords(query: string): string[] {
  const words = query.normalize('NFKC').toLowerCase().split(/\s+/);
  return words.map(word => word.replace(/^(name|feature)s?:/, '').replace(/"/g, '')).filter(w => w && !w.includes(':'));
}

/** The views and sources whose names, features, tags, owners or descriptions hold every word as it is. */
export function holding(overview: Overview, words: string[]): ReadonlySet<string> {
  const views = overview.views.filter(view => {
    const text = [view.name, view.entity, view.owner, view.description, ...view.tags, ...view.features].join(' ');
    return words.every(word => text.toLowerCase().includes(word));
  });
  const sources = overview.sources.filter(source => words.every(word => source.name.toLowerCase().includes(word)));
  return new Set([...views.map(view => `view ${view.name}`), ...sources.map(source => `source ${source.name}`)]);
}

/** The features that hold a word of the search; all, where none does. */
export function featuresOf(view: ViewRow, words: string[]): string[] {
  const held = view.features.filter(name => words.some(word => name.toLowerCase().includes(word)));
  return held.length ? held : view.features;
}

/** `toggled`: which rows (`toggle`) are not as they start out. Entities start open, views closed. */
export function rowsOf(overview: Overview, filter: Filter, toggled: ReadonlySet<string>): Row[] {
  const searching = filter.found !== null;
  const views = overview.views.filter(view => matches(view, filter));
  const entities = new Map<string, ViewRow[]>();
  for (const view of views) {
    const mine = entities.get(view.entity);
    mine ? mine.push(view) : entities.set(view.entity, [view]);
  }
  const names = [...entities.keys()].sort((a, b) => a.localeCompare(b));
  const sources = sourcesOf(overview, filter);
  const tops = names.length + (sources.length ? 1 : 0);
  const rows: Row[] = [];
  names.forEach((name, at) => {
    const mine = entities.get(name) ?? [];
    const key = `entity:${name}`;
    const open = !toggled.has(key);
    const note = (mine[0]?.keys ?? []).join(', ');
    rows.push({ key, level: 1, kind: 'entity', name, note, toggle: key, open, size: tops, position: at + 1 });
    if (open) {
      mine.forEach((view, place) => rows.push(...viewRows(view, place + 1, mine.length, filter, toggled, searching)));
    }
  });
  if (sources.length) {
    const open = !toggled.has(SOURCES);
    rows.push({ key: SOURCES, level: 1, kind: 'entity', name: 'Sources', note: '', toggle: SOURCES, open, size: tops, position: tops });
    if (open) {
      sources.forEach((source, place) =>
        rows.push({
          key: `source:${source.name}`,
          level: 2,
          kind: 'source',
          name: source.name,
          source,
          size: sources.length,
          position: place + 1
        })
      );
    }
  }
  return rows;
}

function sourcesOf(overview: Overview, filter: Filter): SourceRow[] {
  if (filter.owners.size || filter.tags.size) {
    return [];
  }
  return overview.sources.filter(each => filter.found === null || filter.found.has(`source ${each.name}`));
}

function viewRows(
  view: ViewRow,
  position: number,
  size: number,
  filter: Filter,
  toggled: ReadonlySet<string>,
  searching: boolean
): Row[] {
  const key = `view:${view.name}`;
  // a view is closed until it is opened; in a search those with a feature of that name are open
  const hit = searching && featuresOf(view, filter.words).length < view.features.length;
  const toggle = hit ? `hit ${key}` : key;
  const open = toggled.has(toggle) !== hit;
  const head: Row = { key, level: 2, kind: 'view', name: view.name, view, toggle, open, size, position };
  if (!open) {
    return [head];
  }
  const shown = searching ? featuresOf(view, filter.words) : view.features;
  const features = shown.map((name, at): Row => {
    return { key: `${key}/${name}`, level: 3, kind: 'feature', name, view, size: shown.length, position: at + 1 };
  });
  return [head, ...features];
}
