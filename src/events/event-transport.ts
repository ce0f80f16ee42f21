/** Whoever hears the texts of a transport. Its functions throw nothing. */
export interface TransportListener {
  /** Called with each text. */
  hear(text: string): void;
  /** Called where texts may have been missed, or something was heard that nobody sent. Hearing goes on. */
  onError(error: unknown): void;
}

/**
 * The port by which an {@link EventBus} spans processes: brings texts to every process on the same channel.
 *
 * Neither stores nor understands them. How far it may lose what was sent is its own to say; the bus notices.
 */
export interface EventTransport {
  /**
   * Sends a text, well-formed and without NUL, to all who listen, in this process too. Those sent by one transport are
   * heard by each listener in the order of the calls, whether these were waited for or not.
   *
   * @returns Once it is accepted. If it rejects, it is not known whether anybody hears the text.
   */
  send(text: string): Promise<void>;
  /**
   * Begins to hear the channel; any number may listen.
   *
   * @returns Once all that is sent from now on is heard; of what was sent long before, nothing is. The function ends it:
   * the listener is not called any more, and nothing that was opened for it is left. Calling it again does nothing.
   */
  listen(listener: TransportListener): Promise<() => Promise<void>>;
}
