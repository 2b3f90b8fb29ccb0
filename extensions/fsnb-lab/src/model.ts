/** What the sidebar knows: which catalog, what is in it, what is chosen. Components draw it and ask it; it fetches. */

import { ServerConnection } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';
import { Refused, post, request } from './request';
import { Filter, holding, plainWords } from './rows';
import type { Changed, Detail, Diff, Found, Lineage, Overview, Place, Publication } from './types';

export type Loading<T> = { state: 'loading' } | { state: 'error'; message: string } | { state: 'ready'; value: T };

/** What the lower half shows: a view or a source, one version of it, and a feature to point at. */
export interface Chosen {
  kind: 'view' | 'source';
  name: string;
  version?: number | undefined;
  feature?: string | undefined;
}

export interface Details {
  chosen: Chosen;
  detail: Loading<Detail>;
  lineage: Loading<Lineage>;
}

export interface Memory {
  load(): Promise<string | null>;
  save(id: string): Promise<void>;
}

const TYPING_PAUSE = 80; // ms

export class Model {
  places: Place[] = [];
  place: string | null = null;
  /** That there is no catalog, once the server has said so. */
  none = false;
  overview: Loading<Overview> = { state: 'loading' };
  publications: Loading<Publication[]> = { state: 'loading' };
  tab: 'features' | 'publications' = 'features';
  query = '';
  filter: Filter = { found: null, words: [], owners: new Set(), tags: new Set() };
  details: Details | null = null;
  /** What was said last to a screen reader. */
  said = '';

  constructor(
    private readonly settings: ServerConnection.ISettings,
    private readonly memory: Memory
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Find the catalogs, and read the one that was read last, or the first. */
  async start(): Promise<void> {
    this.overview = { state: 'loading' };
    this.tell();
    try {
      this.places = (await request<{ catalogs: Place[] }>('catalogs', {}, this.settings)).catalogs;
    } catch (error) {
      this.overview = { state: 'error', message: sentence(error) };
      return this.tell();
    }
    const last = this.place ?? (await this.memory.load());
    const known = this.places.find(place => place.id === last);
    await this.read((known ?? this.places[0])?.id ?? last);
  }

  /** Find the catalogs anew, and read on; where there was none, the first. */
  private async look(): Promise<void> {
    if (this.place === null) {
      this.said = 'There is a feature catalog now.';
      return this.start();
    }
    try {
      this.places = (await request<{ catalogs: Place[] }>('catalogs', {}, this.settings)).catalogs;
      this.tell();
    } catch {
      // the next question says what is wrong with the server
    }
  }

  /** Read a catalog from now on. */
  async read(id: string | null): Promise<void> {
    const other = id !== this.place;
    this.place = id;
    this.none = id === null;
    if (other) {
      this.details = null;
      this.publications = { state: 'loading' };
      this.filter = { ...this.filter, owners: new Set(), tags: new Set() };
      this.overview = { state: 'loading' };
    }
    this.tell();
    if (id === null) {
      return;
    }
    void this.memory.save(id);
    await this.refresh();
  }

  /** Read the catalog that a path means; raises with the server's sentence, and reads the same as before. */
  async open(path: string): Promise<void> {
    const place = await post<Place>('catalogs', { path }, this.settings);
    if (!this.places.some(each => each.id === place.id)) {
      this.places = [...this.places, place];
    }
    await this.read(place.id);
  }

  /** Ask anew for what is shown. */
  async refresh(): Promise<void> {
    const asked = this.place;
    if (asked === null) {
      return this.start();
    }
    const found = await this.get<Overview>('overview', {});
    if (asked !== this.place) {
      return;
    }
    this.overview = found;
    this.tell();
    const words = this.query.trim() ? this.search() : Promise.resolve();
    const rest = this.tab === 'publications' ? this.loadPublications() : Promise.resolve();
    const detail = this.details ? this.choose(this.details.chosen) : Promise.resolve();
    await Promise.all([words, rest, detail]);
  }

  /** What an event said: of another catalog it is of interest that there is one. */
  heard(event: Changed): void {
    if (event.catalog !== this.place) {
      if (!this.places.some(each => each.id === event.catalog)) {
        void this.look();
      }
    } else {
      const names = event.documents.map(each => `${each.kind.replace(/_/g, ' ')} ${each.name}`);
      this.said = names.length ? `New in the catalog: ${names.slice(-3).join(', ')}` : 'The catalog has changed.';
      void this.refresh();
    }
  }

  // ------------------------------------------------------------------ search

  /** What the page can tell by itself is shown at once; the server, which forgives typos, has the last word. */
  type(query: string): void {
    this.query = query;
    const words = plainWords(query);
    if (this.overview.state === 'ready' && words.length) {
      this.filter = { ...this.filter, found: holding(this.overview.value, words), words };
    }
    this.tell();
    window.clearTimeout(this._typing);
    this._typing = window.setTimeout(() => void this.search(), query.trim() ? TYPING_PAUSE : 0);
  }

  /** The documents that hold every word, by the server's search. */
  async search(): Promise<void> {
    const query = this.query.trim();
    if (!query) {
      this.filter = { ...this.filter, found: null, words: [] };
      return this.tell();
    }
    const found = await this.get<Found>('search', { q: query });
    if (found.state === 'ready' && query === this.query.trim()) {
      const names = found.value.found.map(([kind, name]) => `${kind} ${name}`);
      this.filter = { ...this.filter, found: new Set(names), words: plainWords(query) };
      this.said = `${names.length} found`;
    } else if (found.state === 'error') {
      this.overview = found;
    }
    this.tell();
  }

  toggle(facet: 'owners' | 'tags', value: string): void {
    const chosen = new Set(this.filter[facet]);
    chosen.delete(value) || chosen.add(value);
    this.filter = { ...this.filter, [facet]: chosen };
    this.tell();
  }

  clear(): void {
    this.filter = { ...this.filter, owners: new Set(), tags: new Set() };
    this.type('');
  }

  show(tab: 'features' | 'publications'): void {
    this.tab = tab;
    this.tell();
    if (tab === 'publications') {
      void this.loadPublications();
    }
  }

  // ------------------------------------------------------------------ details

  /** Show a view or a source below; what is there stays until the answer has come. */
  async choose(chosen: Chosen): Promise<void> {
    const before = this.details;
    const same = before?.chosen.kind === chosen.kind && before.chosen.name === chosen.name;
    const loading = { state: 'loading' } as const;
    this.details = same
      ? { ...before, chosen }
      : { chosen, detail: loading, lineage: loading };
    const mine = chosen;
    this.tell();
    const named = { kind: chosen.kind, name: chosen.name };
    const version = chosen.version === undefined ? {} : { version: String(chosen.version) };
    const [detail, lineage] = await Promise.all([
      this.get<Detail>('show', { ...named, ...version }),
      this.get<Lineage>('lineage', named)
    ]);
    if (this.details?.chosen === mine) {
      this.details = { chosen, detail, lineage };
      this.tell();
    }
  }

  close(): void {
    this.details = null;
    this.tell();
  }

  diff(old: string, other: string): Promise<Loading<Diff>> {
    return this.get<Diff>('diff', { old, new: other });
  }

  private async loadPublications(): Promise<void> {
    const found = await this.get<{ publications: Publication[] }>('publications', {});
    this.publications = found.state === 'ready' ? { state: 'ready', value: found.value.publications } : found;
    this.tell();
  }

  private async get<T>(route: string, asked: Record<string, string>): Promise<Loading<T>> {
    try {
      const value = await request<T>(route, { catalog: this.place ?? '', ...asked }, this.settings);
      return { state: 'ready', value };
    } catch (error) {
      return { state: 'error', message: sentence(error) };
    }
  }

  private tell(): void {
    this._changed.emit();
  }

  private _typing = 0;
  private readonly _changed = new Signal<this, void>(this);
}

export function sentence(error: unknown): string {
  return error instanceof Refused || error instanceof Error ? error.message : String(error);
}
