/** How many rows an evaluation of each bundle may have. The budget falls when memory runs out. */
import type { RowBudget } from '../../capacity.js';
import { OWN_BUNDLE_ROWS, capBudget } from '../../capacity.js';
import type { WorkerMessage } from '../../deviceProtocol.js';
import type { ServedModels } from './servedModels.js';

/** Of a bundle that was opened later, or of one that is not open, whose samples fail. */
const OTHER_BUDGET: RowBudget = { rows: OWN_BUNDLE_ROWS, quickRows: OWN_BUNDLE_ROWS };

export interface RowBudgets {
  /** Rounded down to bucket sizes, so that padding does not exceed the budget. */
  of(bundle: string): RowBudget;
  reduce(bundle: string, rows: number): void;
  /** The bundle is closed. */
  forget(bundle: string): void;
}

export function createRowBudgets(
  initial: ReadonlyMap<string, RowBudget>,
  models: Pick<ServedModels, 'get'>,
  send: (message: WorkerMessage) => void,
): RowBudgets {
  const budgets = new Map(initial);
  return {
    of(bundle) {
      const { rows, quickRows } = budgets.get(bundle) ?? OTHER_BUDGET;
      const within = models.get(bundle)?.within ?? ((count) => count);
      return { rows: within(rows), quickRows: within(quickRows) };
    },
    reduce(bundle, rows) {
      const budget = budgets.get(bundle) ?? OTHER_BUDGET;
      if (rows >= budget.rows) return;
      budgets.set(bundle, capBudget(budget, rows));
      send({ kind: 'limitsReduced', bundle, rows });
    },
    forget: (bundle) => void budgets.delete(bundle),
  };
}
