import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en/index.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

export const LANGUAGES = [
  { value: 'en', label: 'English' },
  { value: 'de', label: 'Deutsch' },
];

const STORED = 'defectdiffu-language';

export async function startTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false }, // React escapes
  });
  await setLanguage(localStorage.getItem(STORED) ?? navigator.language.slice(0, 2));
}

export async function setLanguage(language: string): Promise<void> {
  if (language === 'de' && !i18next.hasResourceBundle('de', 'translation')) {
    const { de } = await import('./de/index.ts');
    i18next.addResourceBundle('de', 'translation', de);
  }
  const known = LANGUAGES.some(({ value }) => value === language) ? language : 'en';
  await i18next.changeLanguage(known);
  document.documentElement.lang = known;
  localStorage.setItem(STORED, known);
}
