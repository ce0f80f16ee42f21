/** What a process of the bank soak says. */
export type BankLine =
  | { readonly what: 'ready' }
  | { readonly what: 'made'; readonly amount: number; readonly retries: number }
  | { readonly what: 'aborted'; readonly code: string; readonly retries: number }
  | { readonly what: 'read'; readonly sum: number };

export const account = (n: number | '') => `account-${n}`;
