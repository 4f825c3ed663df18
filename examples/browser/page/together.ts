/**
 * A federation in one window: a frame for each participant, the first one large.
 *
 * @module
 */

/** @param query - `tabs`: how many, default 5. */
export function together(query: URLSearchParams): void {
  const frames = document.getElementById('frames') as HTMLElement;
  const trainer = query.get('trainer');
  const column = document.createElement('div');
  column.className = 'column';
  let made = 0;

  function add(): void {
    const [large, number] = [made === 0, ++made];
    const frame = document.createElement('div');
    frame.className = large ? 'frame large' : 'frame';
    const inner = document.createElement('iframe');
    inner.title = `Participant ${number}`;
    const options = new URLSearchParams({ ...(!large && { small: '' }), ...(trainer && { trainer }) });
    inner.src = `/?${options}`;
    frame.append(inner);
    if (!large) {
      const close = document.createElement('button');
      close.type = 'button';
      close.textContent = 'Close';
      close.setAttribute('aria-label', `Close participant ${number}`);
      close.onclick = () => frame.remove();
      frame.append(close);
    }
    (large ? frames : column).append(frame);
    if (large) frames.append(column);
  }

  const count = Math.max(1, Math.min(20, Math.floor(Number(query.get('tabs') ?? 5)) || 5));
  for (let i = 0; i < count; i++) add();
  (document.getElementById('add') as HTMLElement).onclick = add;
}
