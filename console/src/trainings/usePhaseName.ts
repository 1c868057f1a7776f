import { useTranslation } from 'react-i18next';
import { phaseText } from './phases.ts';

/** A phase in the language of the page, if it is known. */
export function usePhaseName(): (phase: string) => string {
  const { t } = useTranslation();
  return (phase) => {
    const text = phaseText(phase);
    return text === undefined ? phase : t(`trainings.phases.${text}`);
  };
}
