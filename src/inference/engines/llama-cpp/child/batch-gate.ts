/**
 * Keeps the running sequences in step: none goes on before all of them have asked for their next evaluation, so that one
 * batch holds them all. The library on its own starts a batch with those that happen to be first; the others then pay
 * for another pass over the weights, and once they are apart they stay so.
 */
export class BatchGate {
  #members = 0;
  #waiting: (() => void)[] = [];

  /**
   * A sequence that asks for one `step` after the other, until the returned function is called. In between it may wait
   * for nothing, because all the others wait for it.
   */
  enter(): () => void {
    this.#members++;
    return () => {
      this.#members--;
      this.#open();
    };
  }

  /** One evaluation of a sequence that has entered. Those let in together reach the library in one turn of the event loop. */
  async step<T>(evaluate: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#open();
    });
    return evaluate();
  }

  #open(): void {
    if (this.#waiting.length < this.#members) return;
    const together = this.#waiting;
    this.#waiting = [];
    for (const go of together) go();
  }
}
