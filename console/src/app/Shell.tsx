import { ActionIcon, Group, NativeSelect, Text, useMantineColorScheme } from '@mantine/core';
import { IconLogout, IconMenu2, IconMoon, IconSun } from '@tabler/icons-react';
import { Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Route, Switch, useLocation } from 'wouter';
import { Waiting } from '../shared/Waiting.tsx';
import { LANGUAGES, setLanguage } from '../texts/texts.ts';
import { LiveEvents } from './LiveEvents.tsx';
import { NotFound } from './NotFound.tsx';
import { PAGES } from './pages.ts';
import { useSession } from './session.ts';
import styles from './Shell.module.css';

/** Hidden while somebody signs in again, so that what they had entered is still there. */
export function Shell({ hidden }: { readonly hidden: boolean }) {
  const { t } = useTranslation();
  const [path] = useLocation();
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);

  useEffect(() => {
    const page = PAGES.find((one) => one.path === path);
    document.title = page === undefined ? 'DefectDiffu' : `${t(`pages.${page.name}`)} · DefectDiffu`;
    // After a change of page, screen readers and the keyboard start at its content.
    if (!first.current) main.current?.focus();
    first.current = false;
  }, [path, t]);

  return (
    <div className={styles.shell} hidden={hidden}>
      <a className={styles.skip} href="#main">
        {t('shell.skip')}
      </a>
      <header className={styles.header}>
        <ActionIcon
          className={styles.menu ?? ''}
          variant="subtle"
          size="lg"
          aria-label={t('shell.menu')}
          aria-expanded={open}
          aria-controls="pages"
          onClick={() => setOpen(!open)}
        >
          <IconMenu2 aria-hidden />
        </ActionIcon>
        <Link href="/" className={styles.brand}>
          <img src="/icon.svg" alt="" width={26} height={26} />
          <span>DefectDiffu</span>
        </Link>
        <LiveEvents />
        <Caller />
      </header>
      <nav id="pages" className={styles.nav} data-open={open} aria-label={t('shell.pages')}>
        <ul>
          {PAGES.map(({ name, path: href, icon: Icon }) => (
            <li key={name}>
              <Link href={href} aria-current={path === href ? 'page' : undefined} onClick={() => setOpen(false)}>
                <Icon aria-hidden size={20} stroke={1.6} />
                {t(`pages.${name}`)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <Suspense fallback={<Waiting />}>
          <Switch>
            {PAGES.map(({ name, path: route, page: Page }) => (
              <Route key={name} path={route}>
                <Page />
              </Route>
            ))}
            <Route>
              <NotFound />
            </Route>
          </Switch>
        </Suspense>
      </main>
    </div>
  );
}

function Caller() {
  const { t, i18n } = useTranslation();
  const { session, signOut } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark = colorScheme === 'dark' || (colorScheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  return (
    <Group gap="xs" className={styles.caller ?? ''} wrap="nowrap">
      <Text size="sm" className={styles.tenant ?? ''} title={session.subject}>
        {session.tenant} · {t(`roles.${session.role}`)}
      </Text>
      <NativeSelect
        aria-label={t('shell.language')}
        size="xs"
        value={i18n.language}
        onChange={(event) => void setLanguage(event.currentTarget.value)}
        data={LANGUAGES}
      />
      <ActionIcon
        variant="subtle"
        size="lg"
        aria-label={t(dark ? 'shell.light' : 'shell.dark')}
        onClick={() => setColorScheme(dark ? 'light' : 'dark')}
      >
        {dark ? <IconSun aria-hidden size={20} /> : <IconMoon aria-hidden size={20} />}
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        size="lg"
        aria-label={t('shell.signOut')}
        title={t('shell.signOut')}
        onClick={() => void signOut()}
      >
        <IconLogout aria-hidden size={20} />
      </ActionIcon>
    </Group>
  );
}
