import type { Facet } from './views.js';

export const FACET_NAMES: Record<Facet, string> = {
  kind: 'Kind',
  capability: 'Good at',
  language: 'Language',
  license: 'Licence',
  quantization: 'Quantisation',
  encoding: 'Format',
  source: 'Source',
};

const NAMES: Partial<Record<Facet, Record<string, string>>> = {
  kind: { model: 'Models', adapter: 'LoRA adapters' },
  capability: {
    chat: 'Chat',
    code: 'Code',
    reasoning: 'Reasoning',
    tools: 'Tools',
    vision: 'Images',
    embedding: 'Embeddings',
  },
  encoding: { gguf: 'GGUF', mediapipe: 'MediaPipe' },
  source: { huggingface: 'Hugging Face', pypi: 'PyPI', folder: 'Model folder', ollama: 'Ollama' },
};

const languages = new Intl.DisplayNames('en', { type: 'language', fallback: 'code' });

/** A value of a facet as a person would say it. */
export function nameOf(facet: Facet, value: string): string {
  if (facet === 'language') return languageName(value);
  return NAMES[facet]?.[value] ?? value;
}

function languageName(code: string): string {
  try {
    return languages.of(code) ?? code;
  } catch {
    // Not a language tag.
    return code;
  }
}

/** `English`, `English and German`, `English, German and 4 more`. */
export function nameSome(names: readonly string[], most: number): string {
  const shown = names.length > most + 1 ? names.slice(0, most) : names;
  const rest = names.length - shown.length;
  const parts = rest > 0 ? [...shown, `${rest} more`] : shown;
  return parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : (parts[0] ?? '');
}
