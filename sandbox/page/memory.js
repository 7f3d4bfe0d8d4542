// What a browser remembers of the visitor's choices; one that stores nothing still shows the page.

/** What was kept under a name, null where nothing was or nothing can be. */
export function recall(name) {
  try {
    return localStorage.getItem(`fupan.${name}`);
  } catch {
    return null;
  }
}

/** Keeps a choice for the next visit, where the browser lets us. */
export function keep(name, choice) {
  try {
    localStorage.setItem(`fupan.${name}`, choice);
  } catch {
    return; // not remembered, but chosen
  }
}
