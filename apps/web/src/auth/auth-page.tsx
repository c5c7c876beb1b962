import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { messageOf } from '../api/problem.js';
import { queryClient, setupQuery } from '../api/queries.js';
import { api } from '../api/session.js';
import { useTitle } from '../lib/hooks.js';
import { Logo } from '../ui/icons.js';
import { Failure, Field } from '../ui/parts.js';

const SHORTEST_PASSWORD = 8;

/** Signing in and signing up. The address stays, so that a link leads where it should afterwards. */
export function AuthPage() {
  const setup = useQuery(setupQuery);
  const [chosen, setChosen] = useState<'sign-in' | 'sign-up' | null>(null);
  const first = setup.data?.hasUsers === false;
  const mode = chosen ?? (first ? 'sign-up' : 'sign-in');
  const signUp = mode === 'sign-up';
  useTitle(signUp ? 'Create account' : 'Sign in');

  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [name, setName] = useState('');
  const enter = useMutation({
    mutationFn: () =>
      api.signIn(
        mode,
        signUp ? { email: email.trim(), password, name: name.trim() || undefined } : { email: email.trim(), password },
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: setupQuery.queryKey }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    enter.mutate();
  };
  const change = (next: 'sign-in' | 'sign-up') => {
    setChosen(next);
    enter.reset();
  };

  return (
    <main id="main" className="auth" tabIndex={-1}>
      <div className="auth-card">
        <div className="auth-brand">
          <Logo />
        </div>
        {setup.isPending ? (
          <div className="auth-loading" aria-busy="true" />
        ) : setup.isError ? (
          <>
            <h1>Parley</h1>
            <Failure title="Parley cannot be reached" detail={messageOf(setup.error)}>
              <button type="button" className="button" onClick={() => void setup.refetch()}>
                Try again
              </button>
            </Failure>
          </>
        ) : (
          <>
            <h1>{first ? 'Welcome to Parley' : signUp ? 'Create your account' : 'Sign in to Parley'}</h1>
            {first && signUp && (
              <p className="auth-lead">Nobody is here yet. The first account becomes the administrator.</p>
            )}
            <form key={mode} onSubmit={submit}>
              {enter.isError && (
                <p className="form-error" role="alert">
                  {messageOf(enter.error)}
                </p>
              )}
              {signUp && (
                <Field id="name" label="Name" hint="Optional; how Parley greets you.">
                  {(field) => (
                    <input
                      {...field}
                      autoComplete="name"
                      maxLength={100}
                      value={name}
                      onChange={(event) => setName(event.target.value)}
                    />
                  )}
                </Field>
              )}
              <Field id="email" label="Email">
                {(field) => (
                  <input
                    {...field}
                    type="email"
                    required
                    autoFocus={!signUp}
                    autoComplete="username"
                    value={email}
                    onChange={(event) => setEmail(event.target.value)}
                  />
                )}
              </Field>
              <Field
                id="password"
                label="Password"
                hint={signUp ? `At least ${SHORTEST_PASSWORD} characters.` : undefined}
              >
                {(field) => (
                  <input
                    {...field}
                    type="password"
                    required
                    minLength={signUp ? SHORTEST_PASSWORD : undefined}
                    maxLength={200}
                    autoComplete={signUp ? 'new-password' : 'current-password'}
                    value={password}
                    onChange={(event) => setPassword(event.target.value)}
                  />
                )}
              </Field>
              <button className="button button-primary button-wide" disabled={enter.isPending}>
                {signUp ? 'Create account' : 'Sign in'}
              </button>
            </form>
            <AuthSwitch mode={mode} first={first} open={setup.data.signUpOpen} change={change} />
          </>
        )}
      </div>
    </main>
  );
}

interface AuthSwitchProps {
  mode: 'sign-in' | 'sign-up';
  first: boolean;
  open: boolean;
  change(mode: 'sign-in' | 'sign-up'): void;
}

function AuthSwitch({ mode, first, open, change }: AuthSwitchProps) {
  if (first) return null;
  if (mode === 'sign-up') {
    return (
      <p className="auth-switch">
        You have an account?{' '}
        <button type="button" className="link-button" onClick={() => change('sign-in')}>
          Go to sign in
        </button>
      </p>
    );
  }
  if (!open) return <p className="auth-switch muted">New accounts are made by the administrator.</p>;
  return (
    <p className="auth-switch">
      New here?{' '}
      <button type="button" className="link-button" onClick={() => change('sign-up')}>
        Make an account
      </button>
    </p>
  );
}
