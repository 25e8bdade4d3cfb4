/** A type that only its own parser can make: a portal's rack id is never mistaken for a cloud's stack id. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

declare const brand: unique symbol;
