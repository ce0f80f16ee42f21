// A program that books a key at four participants, or recovers what it left open, for distributed.test.ts:
// node --import tsx distributed-program.ts FOLDER URL KEY MOMENTS. It kills itself with SIGKILL after so many moments.
import { openBooking } from './booking.ts';

const [folder, url, key, moments] = process.argv.slice(2) as [string, string, string, string];
let left = Number(moments);
const booking = await openBooking(folder, url, () => {
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
});
if (key === '') await booking.coordinator.recover({ takeOver: true });
else await booking.book(key);
await booking.close();
