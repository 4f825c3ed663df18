/**
 * Conversations as chat models read them.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';

/** One turn of a conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/**
 * A conversation in ChatML, as SmolLM2-Instruct and Qwen read it, up to where the assistant answers; the answer ends with
 * `<|im_end|>`.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for no message, an unknown role, or content that spells out a control token, with
 * which a text could pose as somebody else's turn.
 */
export function chatMl(messages: readonly ChatMessage[]): string {
  if (messages.length === 0) refuse('INVALID_ARGUMENT', 'chatMl', 'at least one message', messages);
  const turns = messages.map(({ role, content }) => {
    if (!['system', 'user', 'assistant'].includes(role)) {
      refuse('INVALID_ARGUMENT', 'chatMl: role', 'system, user or assistant', role);
    }
    if (/<\|im_(start|end)\|>/.test(content)) {
      refuse('INVALID_ARGUMENT', 'chatMl: content', 'text without control tokens', 'one');
    }
    return `<|im_start|>${role}\n${content}<|im_end|>\n`;
  });
  return `${turns.join('')}<|im_start|>assistant\n`;
}
