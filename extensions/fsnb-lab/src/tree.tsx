/** The tree of entities, views and features. Only rows in sight are in the page, so 20,000 scroll as well as 20. */

import * as React from 'react';
import type { Row } from './rows';
import { STATES, many } from './words';

const HEIGHT = 24; // px of a row, as in style/index.css
const SPARE = 8; // rows drawn beyond each edge

export interface TreeProps {
  rows: Row[];
  chosen: string | null;
  onToggle(row: Row): void;
  onChoose(row: Row): void;
  onEscape(): void;
}

export function Tree(props: TreeProps): JSX.Element {
  const { rows, chosen } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const [top, setTop] = React.useState(0);
  const [height, setHeight] = React.useState(400);
  const [key, setKey] = React.useState<string | null>(null);
  const at = Math.max(0, rows.findIndex(row => row.key === key));
  useHeight(box, setHeight);

  const reach = (to: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setKey(rows[next]?.key ?? null);
    scrollTo(box.current, next);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (press(event.key, rows, at, Math.floor(height / HEIGHT), reach, props)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const first = Math.max(0, Math.floor(top / HEIGHT) - SPARE);
  const last = Math.min(rows.length, Math.ceil((top + height) / HEIGHT) + SPARE);
  const shown = rows.slice(first, last).map((row, number) => ({ row, number: first + number }));
  const current = rows[at];
  if (current && (at < first || at >= last)) {
    shown.push({ row: current, number: at }); // what aria-activedescendant names must be there
  }
  return (
    <div
      ref={box}
      className="fsnb-tree"
      role="tree"
      aria-label="Feature views by entity"
      tabIndex={0}
      aria-activedescendant={rows.length ? `fsnb-row-${at}` : undefined}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
      onKeyDown={onKeyDown}
    >
      <div className="fsnb-tree-all" role="presentation" style={{ height: rows.length * HEIGHT }}>
        {shown.map(({ row, number }) => (
          <TreeRow
            key={row.key}
            row={row}
            number={number}
            active={number === at}
            chosen={row.key === chosen}
            onClick={twisty => {
              setKey(row.key);
              twisty || row.kind === 'entity' ? props.onToggle(row) : props.onChoose(row);
            }}
          />
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  row: Row;
  number: number;
  active: boolean;
  chosen: boolean;
  onClick(twisty: boolean): void;
}

function TreeRow({ row, number, active, chosen, onClick }: RowProps): JSX.Element {
  const opens = row.kind === 'entity' || row.kind === 'view';
  return (
    <div
      id={`fsnb-row-${number}`}
      className={`fsnb-row fsnb-level-${row.level}${active ? ' fsnb-active' : ''}${chosen ? ' fsnb-chosen' : ''}`}
      style={{ top: number * HEIGHT }}
      role="treeitem"
      aria-level={row.level}
      aria-setsize={row.size}
      aria-posinset={row.position}
      aria-selected={chosen}
      aria-expanded={opens ? row.open : undefined}
      title={row.name.slice(0, 400)}
      onClick={() => onClick(false)}
    >
      <span
        className="fsnb-twisty"
        aria-hidden="true"
        onClick={event => {
          if (opens) {
            event.stopPropagation();
            onClick(true);
          }
        }}
      >
        {opens ? (row.open ? '▾' : '▸') : ''}
      </span>
      <Label row={row} />
    </div>
  );
}

function Label({ row }: { row: Row }): JSX.Element {
  switch (row.kind) {
    case 'entity':
      return (
        <>
          <span className="fsnb-name">{row.name || 'no entity'}</span>
          <span className="fsnb-note">{row.note}</span>
        </>
      );
    case 'view': {
      const state = STATES[row.view.state];
      return (
        <>
          <span className="fsnb-name">{row.name}</span>
          <span className="fsnb-note">{many(row.view.features.length, 'feature')}</span>
          <span className={`fsnb-state fsnb-state-${row.view.state}`} title={state.about}>
            <span aria-hidden="true">{state.sign}</span>
            <span className="fsnb-unseen">{state.said}</span>
          </span>
        </>
      );
    }
    default:
      return <span className="fsnb-name">{row.name}</span>;
  }
}

/** What a key does; whether it did anything. */
function press(
  key: string,
  rows: Row[],
  at: number,
  page: number,
  reach: (to: number) => void,
  props: TreeProps
): boolean {
  const row = rows[at];
  const steps: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: rows.length - 1,
    PageDown: at + page,
    PageUp: at - page
  };
  const to = steps[key];
  if (to !== undefined) {
    reach(to);
  } else if (key === 'Escape') {
    props.onEscape();
  } else if (row && (key === 'Enter' || key === ' ')) {
    row.kind === 'entity' ? props.onToggle(row) : props.onChoose(row);
  } else if (row && key === 'ArrowRight' && 'open' in row) {
    row.open ? reach(at + 1) : props.onToggle(row);
  } else if (row && key === 'ArrowLeft') {
    'open' in row && row.open ? props.onToggle(row) : reach(parent(rows, at));
  } else {
    return false;
  }
  return true;
}

function parent(rows: Row[], at: number): number {
  const level = rows[at]?.level ?? 1;
  for (let above = at; above >= 0; above--) {
    if ((rows[above]?.level ?? 1) < level) {
      return above;
    }
  }
  return at;
}

function scrollTo(box: HTMLElement | null, row: number): void {
  if (!box) {
    return;
  }
  const [top, bottom] = [row * HEIGHT, (row + 1) * HEIGHT];
  if (top < box.scrollTop) {
    box.scrollTop = top;
  } else if (bottom > box.scrollTop + box.clientHeight) {
    box.scrollTop = bottom - box.clientHeight;
  }
}

function useHeight(box: React.RefObject<HTMLElement>, set: (height: number) => void): void {
  React.useEffect(() => {
    const observer = new ResizeObserver(() => set(box.current?.clientHeight ?? 0));
    if (box.current) {
      observer.observe(box.current);
    }
    return () => observer.disconnect();
  }, []);
}
