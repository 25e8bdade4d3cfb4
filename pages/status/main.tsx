import { render } from 'preact';
import '../shared/theme.css';

render(<p>Status</p>, document.body.querySelector('#page') ?? document.body);
