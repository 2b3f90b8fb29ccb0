/** The only place that fetches. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** A sentence from the server that says what is wrong and what to do. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number
  ) {
    super(message);
  }
}

export async function request<T>(
  route: string,
  asked: Record<string, string>,
  settings: ServerConnection.ISettings
): Promise<T> {
  const query = new URLSearchParams(asked).toString();
  return send<T>(`${route}?${query}`, {}, settings);
}

export async function post<T>(
  route: string,
  body: Record<string, string>,
  settings: ServerConnection.ISettings
): Promise<T> {
  return send<T>(route, { method: 'POST', body: JSON.stringify(body) }, settings);
}

async function send<T>(path: string, init: RequestInit, settings: ServerConnection.ISettings): Promise<T> {
  const url = URLExt.join(settings.baseUrl, 'fsnb', path);
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(url, init, settings);
  } catch {
    throw new Refused('The Jupyter server does not answer. Check that it runs.', 0);
  }
  const text = await response.text();
  if (!response.ok) {
    throw new Refused(sentence(text, response.status), response.status);
  }
  return JSON.parse(text) as T;
}

function sentence(text: string, status: number): string {
  if (status === 404 && !text.startsWith('{')) {
    return 'This Jupyter server does not have the extension fsnb.server. Run: jupyter server extension enable fsnb.server';
  }
  try {
    const message = (JSON.parse(text) as { message?: unknown }).message;
    if (typeof message === 'string' && status < 500) {
      return message;
    }
    return `The Jupyter server failed (${status}): ${String(message)}. Its log says why.`;
  } catch {
    return `The Jupyter server answered ${status}. Its log says why.`;
  }
}
