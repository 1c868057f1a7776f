import { useTranslation } from 'react-i18next';

/** What the service says of a key or session that is not valid. */
const REASONS = {
  'This API key is not known.': 'unknown',
  'This API key was revoked.': 'revoked',
  'This API key has expired.': 'expired',
  'This tenant is disabled.': 'disabled',
  'This console session has ended; sign in again.': 'ended',
} as const;

/** A reason in the language of the page, or else in the words of the service. */
export function useReason(): (said: string) => string {
  const { t } = useTranslation();
  return (said) => (isKnown(said) ? t(`signIn.reasons.${REASONS[said]}`) : said);
}

const isKnown = (said: string): said is keyof typeof REASONS => said in REASONS;
