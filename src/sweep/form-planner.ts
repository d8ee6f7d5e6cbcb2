import type { Problem, SweepPlan, SweepRequest } from '../api';
import { messageOf, RequestError } from '../request';

/** What the server says of a form as it stands: asked when the typing stops, and only the last answer counts. */
export class Planner {
  constructor(private readonly _options: Planner.IOptions) {}

  /** Everything that is wrong, field by field. */
  problems: ReadonlyArray<Problem> = [];
  /** How many trials there would be; null while that is unknown. */
  trials: number | null = null;
  /** What went wrong and belongs to no field, in words. */
  error: string | null = null;

  /** Ask in so many milliseconds, unless something else is to be asked before. */
  soon(delay: number): void {
    this._pending = true;
    this._turn++;
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this._ask(this._turn), delay);
  }

  /** Whatever is still to be asked is asked now. */
  async settled(): Promise<void> {
    if (this._pending) {
      clearTimeout(this._timer);
      await this._ask(this._turn);
    }
  }

  /** What was wrong with these fields is about something else now. */
  forget(fields: ReadonlyArray<string>): void {
    this.problems = this.problems.filter(
      ({ field }) => !fields.includes(field)
    );
  }

  /** Problems go beside their fields, anything else beside Run. */
  refused(error: unknown): void {
    if (error instanceof RequestError && error.problems.length > 0) {
      this.problems = error.problems;
    } else {
      this.error = messageOf(error);
    }
  }

  dispose(): void {
    clearTimeout(this._timer);
  }

  private async _ask(turn: number): Promise<void> {
    const order = this._options.order();
    if (!order) {
      return;
    }
    this.error = null;
    if (order.request) {
      try {
        const plan = await this._options.plan(order.request);
        // Somebody typed on meanwhile: this answers a question that nobody asks any more.
        if (turn !== this._turn) {
          return;
        }
        this.problems = plan.problems;
        this.trials = plan.trials;
      } catch (error) {
        if (turn !== this._turn) {
          return;
        }
        this.problems = [];
        this.refused(error);
      }
    } else {
      this.problems = order.problems;
      this.trials = null;
    }
    this._pending = false;
    this._options.planned();
  }

  private _pending = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _turn = 0;
}

export namespace Planner {
  export interface IOptions {
    /** What is ordered, or what cannot be read of it; null while there is no form. */
    order: () => { request: SweepRequest | null; problems: Problem[] } | null;
    plan: (request: SweepRequest) => Promise<SweepPlan>;
    planned: () => void;
  }
}
