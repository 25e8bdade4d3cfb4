import { testOverHttp } from './matrix-over-http.ts';

testOverHttp('burst');
