/** Times, numbers and states in words. */

import type { State } from './types';

const SECOND = 1000;
const STEPS: [number, Intl.RelativeTimeFormatUnit][] = [
  [365 * 86400 * SECOND, 'year'],
  [30 * 86400 * SECOND, 'month'],
  [86400 * SECOND, 'day'],
  [3600 * SECOND, 'hour'],
  [60 * SECOND, 'minute']
];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** A time of the catalog: naive ones are UTC. */
export function moment(text: string): Date {
  return new Date(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
}

/** `3 days ago`. */
export function ago(text: string, now: number = Date.now()): string {
  const apart = moment(text).getTime() - now;
  if (Number.isNaN(apart)) {
    return text;
  }
  const step = STEPS.find(([length]) => Math.abs(apart) >= length);
  return step ? RELATIVE.format(Math.trunc(apart / step[0]), step[1]) : 'just now';
}

/** `2024-01-22 14:00 UTC`. */
export function utc(text: string): string {
  const time = moment(text);
  return Number.isNaN(time.getTime()) ? text : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function many(count: number, one: string, more = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : more}`;
}

/** Each state has a shape of its own: colour is never all there is. */
export const STATES: Record<State, { sign: string; said: string; about: string }> = {
  certified: { sign: '✓', said: 'certified', about: 'Published; engines and oracle agree on it.' },
  changed: { sign: '△', said: 'changed', about: 'The definition has changed since it was published.' },
  disagrees: { sign: '✗', said: 'disagrees', about: 'Its certificate says that engines disagree.' },
  failed: { sign: '!', said: 'failed', about: 'The last attempt to publish it failed.' },
  unpublished: { sign: '○', said: 'not published', about: 'Nothing of it is published.' }
};
