/** What every store of salts must do. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SubjectSalts } from '../../events/subjects.ts';

const someone = Buffer.alloc(32, 1);
const another = Buffer.alloc(32, 2);

/** @param newStore an empty store; what it gives opens it, as often as is asked */
export function subjectSaltsContract(
  name: string,
  newStore: () => Promise<(newSalt?: () => Uint8Array) => Promise<SubjectSalts> | SubjectSalts>,
): void {
  describe(`subject salts: ${name}`, () => {
    async function opened(count = 1): Promise<SubjectSalts[]> {
      const open = await newStore();
      const stores = await Promise.all(Array.from({ length: count }, () => open()));
      onTestFinished(async () => {
        for (const store of stores) await store.close();
      });
      return stores;
    }

    it('gives a person the same salt for ever, whoever asks, and others another', async () => {
      const open = await newStore();
      const [first, second] = [await open(), await open()];
      const salts = await Promise.all([first.saltOf(someone), first.saltOf(someone), second.saltOf(someone)]);
      expect(salts[0]).toHaveLength(32);
      for (const salt of salts) expect(hex(salt)).toBe(hex(salts[0]));
      expect(hex(await second.saltOf(another))).not.toBe(hex(salts[0]));
      await first.close();
      await second.close();
      const later = await open();
      expect(hex(await later.saltOf(someone))).toBe(hex(salts[0]));
      await later.close();
    });

    it('lets one of many who make it at once be first', async () => {
      const stores = await opened(4);
      for (let person = 0; person < 20; person++) {
        const lookup = Buffer.alloc(32, 10 + person);
        const salts = await Promise.all(stores.map((store) => store.saltOf(lookup)));
        expect(new Set(salts.map(hex)).size).toBe(1);
      }
    });

    it('makes none for who only asks', async () => {
      const [store] = await opened();
      expect(await store?.knownSaltOf(someone)).toBeUndefined();
      expect(await store?.knownSaltOf(someone)).toBeUndefined();
      const made = await store?.saltOf(someone);
      expect(hex(await store?.knownSaltOf(someone))).toBe(hex(made));
    });

    it('erases for everybody, once; the next one has nothing to do with it', async () => {
      const [one, other] = await opened(2);
      const old = await one?.saltOf(someone);
      const kept = await one?.saltOf(another);
      expect((await Promise.all([one?.erase(someone), other?.erase(someone)])).sort()).toEqual([false, true]);
      expect(await other?.knownSaltOf(someone)).toBeUndefined();
      const made = await other?.saltOf(someone);
      expect(hex(made)).not.toBe(hex(old));
      expect(hex(await one?.saltOf(someone))).toBe(hex(made));
      expect(hex(await one?.saltOf(another))).toBe(hex(kept));
    });

    it('refuses what comes after close', async () => {
      const [store] = await opened();
      await store?.close();
      await expect(store?.saltOf(someone)).rejects.toMatchObject({ code: 'shutting_down' });
      await expect(store?.erase(someone)).rejects.toMatchObject({ code: 'shutting_down' });
    });
  });
}

function hex(salt: Uint8Array | undefined): string {
  return salt === undefined ? 'none' : Buffer.from(salt).toString('hex');
}
