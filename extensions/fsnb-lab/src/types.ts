/** What fsnb.server answers (fsnb/server/answers.py) and what fsnb.notebook.sidebar answers in a kernel. */

export type State = 'certified' | 'changed' | 'disagrees' | 'failed' | 'unpublished';

export interface Place {
  id: string;
  where: string;
  folder: string;
}

export interface ViewRow {
  name: string;
  version: number;
  entity: string;
  keys: string[];
  description: string;
  owner: string;
  tags: string[];
  features: string[];
  state: State;
  newest: string | null;
}

export interface SourceRow {
  name: string;
  version: number;
  event_time: string | null;
}

export interface Overview {
  catalog: string;
  where: string;
  revision: number;
  views: ViewRow[];
  sources: SourceRow[];
  targets: string[];
  owners: [string, number][];
  tags: [string, number][];
}

export interface Found {
  q: string;
  found: [string, string][];
}

export interface Distribution {
  rows: number;
  nulls: number;
  distinct: number | null;
  least: string | null;
  greatest: string | null;
  mean: number | null;
  counts: number[];
}

export interface Version {
  version: number;
  when: string;
  by: string;
  fingerprint: string;
  changed: string;
  breaking: boolean;
}

export interface Certificate {
  ok: boolean;
  rows: number | null;
  fingerprint: string;
  sides: Record<string, string>;
  oracle: string | null;
  columns: { name: string; differ: number }[];
}

export interface Failure {
  error: string | null;
  message: string | null;
  when: string | null;
  target: string | null;
}

export interface Publication {
  view: string;
  target: string | null;
  version: number | null;
  mode?: string;
  promoted?: boolean;
  end?: string | null;
  finished: string | null;
  rows?: number | null;
  current?: string | null;
  certificate: Certificate | null;
  intervals: { done: number; due: number | null; failed: boolean };
  state: State;
  failure: Failure | null;
}

export interface Code {
  definition: string;
  retrieval: string;
}

export interface ViewDetail {
  kind: 'view';
  name: string;
  version: number;
  latest: number;
  description: string;
  owner: string;
  tags: string[];
  entity: { name: string; keys: string[] };
  sources: string[];
  fingerprint: string;
  rules: string[];
  computed: Record<string, string>;
  trouble: string | null;
  features: { name: string; type: string; distribution: Distribution | null }[];
  profile: { of: string; rows: number; taken: string; newest: string | null } | null;
  versions: Version[];
  publications: Publication[];
  state: State;
  code: Code;
}

export interface SourceDetail {
  kind: 'source';
  name: string;
  version: number;
  latest: number;
  description: string;
  event_time: string | null;
  available: string | null;
  columns: { name: string; type: string; role: string }[];
  versions: Version[];
  code: Code;
}

export type Detail = ViewDetail | SourceDetail;

export interface Lineage {
  nodes: { kind: string; name: string; detail: string; column: number }[];
  edges: { from: number; to: number; note: string }[];
  left_out: number;
}

export interface Change {
  kind: string;
  what: string;
  old: string | null;
  new: string | null;
  breaking: boolean;
}

export interface Diff {
  old: string;
  new: string;
  verdict: string;
  changes: Change[];
}

/** What publishing would do, asked in the kernel. */
export interface Rehearsal {
  version: number;
  promoted: number | null;
  changes: { text: string; breaking: boolean }[];
  users: string[];
  intervals: [string, string][];
  due: number;
  kept: number;
  rows_scanned: number;
  rows_staged: number;
  cell: string;
  breaking_cell: string;
}

/** The event that says that a catalog has changed (fsnb/server/catalog_changed.yaml). */
export interface Changed {
  catalog: string;
  revision: number;
  documents: { kind: string; name: string; version: number }[];
}
