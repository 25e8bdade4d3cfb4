import { testOverHttp } from './matrix-over-http.ts';

testOverHttp('first run');
