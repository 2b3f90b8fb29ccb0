/** Plugins: the sidebar, and code that widgets ask to insert. Works in JupyterLab and in Notebook 7. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { LabIcon } from '@jupyterlab/ui-components';
import type { Acts } from './acts';
import { Memory, Model, sentence } from './model';
import { ask, insertBelow, runBelow } from './notebook';
import { Panel } from './panel';
import type { Changed } from './types';

const EVENT = 'https://events.jupyter.org/fsnb/catalog_changed/v1';
const LAST = 'fsnb:catalog';
const CATEGORY = 'Feature catalog';

const icon = new LabIcon({
  name: 'fsnb:catalog',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16"><g class="jp-icon3" fill="#616161">
<path d="M12 2C7 2 4 3.6 4 5.5v13C4 20.400 7 22 12 22s8-1.600 8-3.500v-13C20 3.600 17 2 12 2zm0 2c4 0 6 1.100 6 1.500S16 7 12 7 6
5.900 6 5.500 8 4 12 4zm6 14.500c0 .4-2 1.500-6 1.500s-6-1.100-6-1.500v-10.600C7.400 8.600 9.500 9 12 9s4.600-.4 6-1.100z"/>
<path d="M8 16.500l2.500-3.500 2 2 3.500-5" fill="none" stroke="#616161" class="jp-icon-stroke" stroke-width="1.6"/></g></svg>`
});

const sidebar: JupyterFrontEndPlugin<void> = {
  id: 'fsnb:sidebar',
  description: 'The feature catalog: search, versions, lineage, publications.',
  autoStart: true,
  requires: [],
  optional: [INotebookTracker, ICommandPalette, ILayoutRestorer, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null
  ) => {
    const settings = app.serviceManager.serverSettings;
    const model = new Model(settings, memory(state));
    const panel = new Panel(model, acts(tracker, model));
    panel.id = 'fsnb-catalog';
    panel.title.icon = icon;
    panel.title.caption = 'Feature catalog';
    panel.node.setAttribute('role', 'region');
    panel.node.setAttribute('aria-label', 'Feature catalog');
    app.shell.add(panel, 'left', { rank: 600, type: 'Feature catalog' });
    restorer?.add(panel, panel.id);
    addCommands(app, panel, tracker, palette);
    app.serviceManager.events.stream.connect((_, event) => {
      if (event['schema_id'] === EVENT) {
        model.heard(event as unknown as Changed);
      }
    });
    void app.restored.then(() => model.start());
  }
};

const inserting: JupyterFrontEndPlugin<void> = {
  id: 'fsnb:insert',
  description: 'Puts code that a widget offers into a new cell.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker) => {
    document.addEventListener('fsnb:insert', event => {
      const code: unknown = event instanceof CustomEvent ? event.detail?.code : undefined;
      if (typeof code === 'string' && tracker.currentWidget) {
        insertBelow(tracker, code);
        event.preventDefault(); // says to the widget that it is done
      }
    });
  }
};

function memory(state: IStateDB | null): Memory {
  return {
    load: async () => {
      const found = await state?.fetch(LAST);
      return typeof found === 'string' ? found : null;
    },
    save: async id => state?.save(LAST, id)
  };
}

function acts(tracker: INotebookTracker | null, model: Model): Omit<Acts, 'back'> {
  const said = (error: unknown): void => void Notification.warning(sentence(error), { autoClose: 8000 });
  const attempt = (work: () => unknown): void => {
    try {
      void Promise.resolve(work()).catch(said);
    } catch (error) {
      said(error);
    }
  };
  const where = (): string => (model.overview.state === 'ready' ? model.overview.value.where : '');
  return {
    insert: code => attempt(() => insertBelow(tracker, code)),
    run: code => attempt(() => runBelow(tracker, code)),
    preview: (view, feature) =>
      attempt(async () => {
        const cell = await ask<{ cell: string }>(tracker, 'preview_cell', [view, feature ?? '', where()]);
        await runBelow(tracker, cell.cell);
      }),
    ask: (name, args) => ask(tracker, name, args)
  };
}

function addCommands(
  app: JupyterFrontEnd,
  panel: Panel,
  tracker: INotebookTracker | null,
  palette: ICommandPalette | null
): void {
  const { commands } = app;
  const describedBy = { args: { type: 'object', properties: {} } } as const;
  const open = (): void => app.shell.activateById(panel.id);
  commands.addCommand('fsnb:open', { label: 'Open Feature Catalog', icon, describedBy, execute: open });
  commands.addCommand('fsnb:search', {
    label: 'Search Features',
    describedBy,
    execute: () => {
      open();
      panel.model.show('features');
      requestAnimationFrame(() => panel.search());
    }
  });
  commands.addCommand('fsnb:publications', {
    label: 'Show Publications',
    describedBy,
    execute: () => {
      open();
      panel.model.show('publications');
    }
  });
  commands.addCommand('fsnb:refresh', {
    label: 'Refresh Feature Catalog',
    describedBy,
    execute: () => panel.model.start()
  });
  commands.addCommand('fsnb:open-store', {
    label: 'Insert fsnb.open() for the Catalog Shown',
    describedBy,
    isEnabled: () => Boolean(tracker?.currentWidget),
    execute: () => insertBelow(tracker, opening(panel.model, tracker?.currentWidget?.context.path ?? ''))
  });
  for (const command of ['fsnb:open', 'fsnb:search', 'fsnb:publications', 'fsnb:refresh', 'fsnb:open-store']) {
    palette?.addItem({ command, category: CATEGORY });
  }
}

/** The cell that opens the store of the catalog that is shown, as seen from the notebook's folder. */
function opening(model: Model, notebook: string): string {
  const place = model.places.find(each => each.id === model.place);
  const folder = place?.folder ? relative(notebook.split('/').slice(0, -1), place.folder.split('/')) : '.fsnb';
  return `import fsnb\n\n%load_ext fsnb\nstore = fsnb.open(${JSON.stringify(folder)})\nstore`;
}

function relative(from: string[], to: string[]): string {
  let same = 0;
  while (same < from.length && from[same] === to[same]) {
    same++;
  }
  return [...from.slice(same).map(() => '..'), ...to.slice(same)].join('/') || '.';
}

export default [sidebar, inserting];
