import { ask } from '../shared/ask.ts';

/** Asks for the token, of `api.ui_token` or of the file in `data_dir`; the service gives a cookie for it. */
export function SignIn() {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token');
    void ask('./sign-in', { token }).then((answer) => answer && location.reload());
  };
  return (
    <form class="card sign-in" onSubmit={submit}>
      <h2>This page needs its token</h2>
      <label>
        Token: api.ui_token, or the file status-page-token in the data_dir of the service
        <input class="field" type="password" name="token" required autocomplete="current-password" />
      </label>
      <button type="submit" class="button primary">
        Open
      </button>
    </form>
  );
}
