/** SVG that we draw ourselves: distributions and lineage. */

import * as React from 'react';
import type { Distribution, Lineage } from './types';
import { many } from './words';

const WIDE = 64;
const HIGH = 16;

export function Sparkline({ name, of }: { name: string; of: Distribution | null }): JSX.Element {
  if (!of || of.counts.length === 0) {
    return <span className="fsnb-note">{of ? allNull(of) : ''}</span>;
  }
  const most = Math.max(...of.counts);
  const wide = WIDE / Math.max(of.counts.length, 10); // one value alone is a bar and no block
  const label = `Distribution of ${name}: from ${of.least} to ${of.greatest}, ${summary(of)}`;
  return (
    <svg className="fsnb-spark" role="img" aria-label={label} viewBox={`0 0 ${WIDE} ${HIGH}`} width={WIDE} height={HIGH}>
      <title>{label}</title>
      {of.counts.map((count, bin) => {
        const high = count ? Math.max(1, (count / most) * HIGH) : 0;
        return <rect key={bin} x={bin * wide} y={HIGH - high} width={Math.max(0.5, wide - 0.5)} height={high} />;
      })}
    </svg>
  );
}

function allNull(of: Distribution): string {
  return of.rows && of.nulls === of.rows ? 'all NULL' : '';
}

export function summary(of: Distribution): string {
  const said = of.rows ? [`${((100 * of.nulls) / of.rows).toFixed(1)} % NULL`] : [];
  of.distinct !== null && said.push(`${of.distinct.toLocaleString('en')} distinct`);
  of.mean !== null && said.push(`mean ${Number(of.mean.toPrecision(4))}`);
  return said.join(', ');
}

// ---------------------------------------------------------------------- lineage

const BOX = { width: 182, height: 34, indent: 16, gap: 8 };

interface LineageProps {
  of: Lineage;
  onOpen(kind: string, name: string): void;
}

/** A box for each node, what it was made from above; a step down is a step to the right: a narrow panel has room. */
export function LineageGraph({ of, onOpen }: LineageProps): JSX.Element {
  const order = of.nodes.map((_, number) => number).sort((a, b) => column(of, a) - column(of, b) || a - b);
  const first = Math.min(0, ...of.nodes.map(node => node.column));
  const places = new Map(
    order.map((number, row): [number, Spot] => [
      number,
      { x: (column(of, number) - first) * BOX.indent, y: row * (BOX.height + BOX.gap) }
    ])
  );
  const wide = Math.max(0, ...[...places.values()].map(place => place.x)) + BOX.width;
  const high = of.nodes.length * (BOX.height + BOX.gap) - BOX.gap;
  const label = `Lineage: ${many(of.nodes.length, 'node')}, ${many(of.edges.length, 'step')}`;
  return (
    <div className="fsnb-lineage" tabIndex={0} role="group" aria-label={label}>
      <svg width={wide + 2} height={high + 2} viewBox={`-1 -1 ${wide + 2} ${high + 2}`}>
        {of.edges.map((edge, number) => {
          const [from, to] = [places.get(edge.from), places.get(edge.to)];
          return from && to ? <Step key={number} from={from} to={to} note={edge.note} /> : null;
        })}
        {order.map(number => {
          const [node, place] = [of.nodes[number], places.get(number)];
          return node && place ? <Box key={number} node={node} x={place.x} y={place.y} onOpen={onOpen} /> : null;
        })}
      </svg>
      {of.left_out > 0 && <p className="fsnb-note">and {of.left_out} more</p>}
    </div>
  );
}

function column(of: Lineage, number: number): number {
  return of.nodes[number]?.column ?? 0;
}

interface Spot {
  x: number;
  y: number;
}

function Step({ from, to, note }: { from: Spot; to: Spot; note: string }): JSX.Element {
  const [x, y] = [from.x + BOX.indent / 2, to.y + BOX.height / 2];
  return (
    <path className="fsnb-step" d={`M${x} ${from.y + BOX.height}V${y}H${to.x}`}>
      {note && <title>{note}</title>}
    </path>
  );
}

interface BoxProps extends Spot {
  node: Lineage['nodes'][number];
  onOpen(kind: string, name: string): void;
}

function Box({ node, x, y, onOpen }: BoxProps): JSX.Element {
  const opens = (node.kind === 'view' || node.kind === 'source') && node.column !== 0;
  const kind = node.kind.replace(/_/g, ' ');
  const label = `${kind} ${node.name}${node.detail ? `, ${node.detail}` : ''}`;
  const open = (): void => onOpen(node.kind, node.name);
  const acts = opens
    ? {
        role: 'button',
        tabIndex: 0,
        onClick: open,
        onKeyDown: (event: React.KeyboardEvent) => event.key === 'Enter' && open()
      }
    : { role: 'img' };
  return (
    <g
      className={`fsnb-box${node.column === 0 ? ' fsnb-root' : ''}${opens ? ' fsnb-opens' : ''}`}
      transform={`translate(${x} ${y})`}
      aria-label={label}
      {...acts}
    >
      <title>{label}</title>
      <rect width={BOX.width} height={BOX.height} rx={4} />
      <text x={8} y={13} className="fsnb-box-kind">
        {cut(node.detail ? `${kind}, ${node.detail}` : kind, 32)}
      </text>
      <text x={8} y={27}>{cut(node.name, 25)}</text>
    </g>
  );
}

function cut(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
