/** What the sidebar does in the active notebook: new cells, and questions to its kernel. */

import { INotebookTracker, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import type { KernelMessage } from '@jupyterlab/services';

const NO_NOTEBOOK = 'No notebook is open. Open one, then try again.';

export class NoNotebook extends Error {
  constructor() {
    super(NO_NOTEBOOK);
  }
}

/** Put code into a new cell below the active one, and make it the active one. */
export function insertBelow(tracker: INotebookTracker | null, code: string): NotebookPanel {
  const panel = tracker?.currentWidget;
  if (!panel) {
    throw new NoNotebook();
  }
  const notebook = panel.content;
  const empty = notebook.activeCell?.model;
  if (!empty || empty.type !== 'code' || empty.sharedModel.getSource().trim()) {
    NotebookActions.insertBelow(notebook);
  }
  notebook.activeCell?.model.sharedModel.setSource(code);
  notebook.deselectAll();
  void notebook.scrollToItem(notebook.activeCellIndex, 'smart');
  return panel;
}

/** Put code into a new cell, and run it in the notebook's kernel. */
export async function runBelow(tracker: INotebookTracker | null, code: string): Promise<boolean> {
  const panel = insertBelow(tracker, code);
  await panel.sessionContext.ready;
  return NotebookActions.run(panel.content, panel.sessionContext);
}

/**
 * Ask the active notebook's kernel for the JSON of an expression; nothing is shown and no history is kept.
 * `args` become Python literals, so that a name is text whatever is in it.
 */
export async function ask<T>(tracker: INotebookTracker | null, name: string, args: string[]): Promise<T> {
  const panel = tracker?.currentWidget;
  if (!panel) {
    throw new NoNotebook();
  }
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) {
    throw new Error('The notebook has no kernel. Start one, then try again.');
  }
  const literals = args.map(each => JSON.stringify(each)).join(', ');
  const expression = `__import__('fsnb.notebook.sidebar', fromlist=['sidebar']).${name}(${literals})`;
  const future = kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    user_expressions: { fsnb: expression }
  });
  const reply = (await future.done).content as KernelMessage.IExecuteReply;
  return answer<T>(reply.user_expressions?.['fsnb']);
}

interface Told {
  status?: string;
  ename?: string;
  evalue?: string;
  data?: Record<string, unknown>;
}

function answer<T>(value: unknown): T {
  const told = (value ?? {}) as Told;
  const found = told.data?.['application/json'] as (T & { message?: string; error?: string }) | undefined;
  if (found === undefined) {
    const missing = told.ename === 'ModuleNotFoundError';
    throw new Error(
      missing
        ? 'The kernel of this notebook has no fsnb. Install it there, or choose another kernel.'
        : `The kernel did not answer: ${told.ename ?? 'interrupted'} ${told.evalue ?? ''}`.trim()
    );
  }
  if (found.error) {
    throw new Error(found.message ?? found.error);
  }
  return found;
}
