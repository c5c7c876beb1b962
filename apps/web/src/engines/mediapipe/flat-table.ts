/** Most entries of a list that are looked at: a file made to keep the page busy has more. */
const MOST = 65_536;

/** One table of a FlatBuffer; DataView refuses whatever points outside. */
export class Table {
  private constructor(
    private readonly view: DataView,
    private readonly at: number,
  ) {}

  static root(view: DataView): Table {
    return new Table(view, view.getUint32(0, true));
  }

  uint8(field: number): number {
    const place = this.place(field);
    return place === null ? 0 : this.view.getUint8(place);
  }

  uint32(field: number): number {
    const place = this.place(field);
    return place === null ? 0 : this.view.getUint32(place, true);
  }

  uint64(field: number): number {
    const place = this.place(field);
    return place === null ? 0 : Number(this.view.getBigUint64(place, true));
  }

  string(field: number): string {
    const at = this.follow(field);
    if (at === null) return '';
    const length = this.view.getUint32(at, true);
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, this.view.byteOffset + at + 4, length));
  }

  table(field: number): Table | null {
    const at = this.follow(field);
    return at === null ? null : new Table(this.view, at);
  }

  tables(field: number): Table[] {
    const at = this.follow(field);
    if (at === null) return [];
    const length = this.view.getUint32(at, true);
    if (length > MOST) throw new RangeError('too many entries');
    return Array.from({ length }, (_, index) => {
      const place = at + 4 + index * 4;
      return new Table(this.view, place + this.view.getUint32(place, true));
    });
  }

  private follow(field: number): number | null {
    const place = this.place(field);
    return place === null ? null : place + this.view.getUint32(place, true);
  }

  private place(field: number): number | null {
    const table = this.at - this.view.getInt32(this.at, true);
    const slot = 4 + field * 2;
    if (slot >= this.view.getUint16(table, true)) return null;
    const offset = this.view.getUint16(table + slot, true);
    return offset === 0 ? null : this.at + offset;
  }
}
