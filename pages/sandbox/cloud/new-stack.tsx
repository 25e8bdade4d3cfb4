import { useRef, useState } from 'preact/hooks';
import { ask } from '../../shared/ask.ts';
import { owners } from '../portal.ts';
import { clouds } from './cloud.ts';

/** Has Heat make a cluster. */
export function NewStack() {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <>
      <button
        type="button"
        class="button"
        ref={button}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        New stack
      </button>
      {isOpen && <Form close={close} />}
    </>
  );
}

function Form({ close }: { close: () => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const form = new FormData(element);
    const { cloud } = element.querySelector<HTMLOptionElement>('[name=owner] :checked')?.dataset ?? {};
    const stack = {
      owner: form.get('owner'),
      cloud,
      name: form.get('name'),
      servers: Number(form.get('servers')),
    };
    void ask('./sandbox/stacks', stack).then((answer) => answer && close());
  };
  return (
    <form class="new-stack" onSubmit={submit}>
      <label>
        Owner
        <select class="field" name="owner">
          <Owners />
        </select>
      </label>
      <label>
        Name
        <input class="field" name="name" required pattern="[A-Za-z][A-Za-z0-9_\-]{1,40}" value="analysis" />
      </label>
      <label>
        Servers
        <input class="field" name="servers" type="number" min="1" max="60" value="4" />
      </label>
      <button type="submit" class="button primary">
        Create
      </button>
    </form>
  );
}

/** By cloud, where there are several: an owner may have a project in each. */
function Owners() {
  if (clouds.value.length === 1)
    return owners.value.map(({ id, login }) => <option key={id}>{login}</option>);
  return clouds.value.map(({ name }) => (
    <optgroup key={name} label={name}>
      {owners.value
        .filter(({ clouds }) => clouds.includes(name))
        .map(({ id, login }) => (
          <option key={id} data-cloud={name}>
            {login}
          </option>
        ))}
    </optgroup>
  ));
}
