export { ggufTokenizer, jsonTokenizer, type TextTokenizer } from './tokenizer.ts';
