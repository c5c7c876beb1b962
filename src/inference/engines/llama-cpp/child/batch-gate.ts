/** The next batch waits no longer than this for a sequence that is late. */
const patienceMs = 5;

/**
 * Starts a batch when every running sequence has asked for its next token. The library on its own starts it with those
 * that happen to be first, and the others then pay for a second pass over the weights.
 */
export class BatchGate {
  #running = 0;
  #asking = 0;
  #dispatch: (() => void) | undefined;
  #checking = false;

  /** To be given to the context as its dispatch schedule. */
  readonly schedule = (dispatch: () => void): void => {
    this.#dispatch = dispatch;
    setTimeout(() => this.#start(dispatch), patienceMs).unref();
    this.#check();
  };

  /** A sequence that will ask token after token, until the returned function is called. */
  enter(): () => void {
    this.#running++;
    return () => {
      this.#running--;
      this.#check();
    };
  }

  /** One evaluation of a sequence that has entered. */
  async step<T>(evaluate: () => Promise<T>): Promise<T> {
    this.#asking++;
    this.#check();
    try {
      return await evaluate();
    } finally {
      this.#asking--;
    }
  }

  #check(): void {
    if (this.#checking || this.#asking < this.#running) return;
    this.#checking = true;
    // The asking sequences hand in their tokens within this turn of the event loop.
    setImmediate(() => {
      this.#checking = false;
      if (this.#dispatch && this.#asking >= this.#running) this.#start(this.#dispatch);
    });
  }

  #start(dispatch: () => void): void {
    if (this.#dispatch !== dispatch) return;
    this.#dispatch = undefined;
    dispatch();
  }
}
