/** What could not be had: the sentence that says why, and another try. */

import * as React from 'react';

export function Trouble({ message, again }: { message: string; again(): void }): JSX.Element {
  return (
    <div className="fsnb-fill fsnb-empty" role="alert">
      <p className="fsnb-error">{message}</p>
      <button onClick={again}>Try again</button>
    </div>
  );
}
