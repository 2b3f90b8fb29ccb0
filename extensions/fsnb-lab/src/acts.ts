/** What components ask of Jupyter, so that they know nothing of it. */

export interface Acts {
  /** Put code into a new cell of the active notebook. */
  insert(code: string): void;
  /** Put code into a new cell and run it. */
  run(code: string): void;
  /** Put a preview of a view's features into a new cell and run it. */
  preview(view: string, feature: string | undefined): void;
  /** Ask the active notebook's kernel. */
  ask<T>(name: string, args: string[]): Promise<T>;
  /** Close the details, and go back to the tree. */
  back(): void;
}
