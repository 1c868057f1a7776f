import { useTranslation } from 'react-i18next';

const formats = new Map<string, Intl.NumberFormat>();

/** Numbers with as many decimals as asked for, as the language writes them. */
export function useDecimals(): (value: number, digits: number) => string {
  const { language } = useTranslation().i18n;
  return (value, digits) => formatOf(language, digits).format(value);
}

/** Making one takes long, and a gallery has thousands of numbers. */
function formatOf(language: string, digits: number): Intl.NumberFormat {
  const key = `${language} ${String(digits)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    formats.set(key, format);
  }
  return format;
}
