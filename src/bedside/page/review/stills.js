// Exact pictures of single frames from the server: the newest wish wins, and only the last few are kept.

const KEPT = 24;

export class Stills {
  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
    /** @type {Map<string, Promise<ImageBitmap>>}  oldest use first */
    this.kept = new Map();
    this.wish = 0;
    this.waiting = /** @type {(() => void)|null} */ (null);
    this.isBusy = false;
  }

  /**
   * The picture of a frame; undefined when another one was wished for meanwhile. One is under way at a time.
   * @param {number} index @param {number} width  pixels
   * @returns {Promise<ImageBitmap|undefined>}
   */
  async newest(index, width) {
    const wish = ++this.wish;
    if (this.isBusy) {
      this.waiting?.();
      await new Promise((resolve) => (this.waiting = () => resolve(undefined)));
      if (wish !== this.wish) return undefined;
    }
    this.isBusy = true;
    try {
      const picture = await this.fetch(index, width);
      return wish === this.wish ? picture : undefined;
    } finally {
      this.isBusy = false;
      this.waiting?.();
      this.waiting = null;
    }
  }

  /** Nothing that was wished for is wanted any more. */
  forget() {
    this.wish++;
  }

  /**
   * @param {number} index @param {number} width
   * @returns {Promise<ImageBitmap>}
   */
  fetch(index, width) {
    const key = `${index} ${width}`;
    const picture = this.kept.get(key) ?? load(this.api.picture(index, width));
    this.kept.delete(key);
    this.kept.set(key, picture);
    picture.catch(() => this.kept.delete(key));
    if (this.kept.size > KEPT) this.kept.delete(/** @type {string} */ (this.kept.keys().next().value));
    return picture;
  }
}

/** A picture from the server; an Error has its own sentence. @param {string} address */
export async function load(address) {
  const response = await fetch(address);
  if (!response.ok) {
    const { error } = await response.json().catch(() => ({ error: "" }));
    throw new Error(error || `This picture cannot be had: ${response.status}`);
  }
  return createImageBitmap(await response.blob());
}
