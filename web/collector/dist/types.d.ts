/** What a page meets: configuration, and what a call resolves with. */
/** The site's own names for the visitor, such as `email`, `accountId`, `orderId`. Sent as strings. */
export type ExternalIds = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>;
/** Where evidence is sent, and on whose behalf. */
export interface Configuration {
    /** The public key of the site. It names the tenant and grants nothing. */
    siteKey?: string | undefined;
    /**
     * Where evidence is sent (`CLIENT_URL`). A relative address is resolved against the script's own address, or against
     * the page's where the package was bundled. Default: `/client`.
     */
    clientUrl?: string | undefined;
    /**
     * Whether to compare what a worker sees with what the page sees. Off by default: the worker is made from a `blob:`
     * address, and a content security policy without `worker-src blob:` would refuse and report it.
     */
    workerProbe?: boolean | undefined;
}
/** Why no token came, or what the service wants to say beside it. */
export interface TelemetryError {
    /** What is wrong, for a developer. */
    message: string;
    /** The part of the request that was refused, such as `nonce`; absent where none is to blame. */
    field?: string;
}
/** What the service answers. */
export interface TelemetryAnswer {
    token?: string;
    errors?: TelemetryError[];
    [key: string]: unknown;
}
/** What a call resolves with: the part of a `Response` that pages use, with `token` and `errors` read already. */
export interface TelemetryResult {
    /** Whether a token came. */
    readonly ok: boolean;
    /** HTTP status; 0 where there was no answer that may be read. */
    readonly status: number;
    /** Text of the status; empty over HTTP/2 and where there was no answer. */
    readonly statusText: string;
    /** Headers of the answer that the browser lets a page read. */
    readonly headers: Headers;
    /** The session token for your backend. */
    readonly token?: string;
    /** Never empty where `ok` is false; absent where there is nothing to say. */
    readonly errors?: TelemetryError[];
    /** The answer, or `{errors}` where there was none that is a JSON object. May be called more than once. */
    json(): Promise<TelemetryAnswer>;
    /** The text of the answer; empty where there was none. May be called more than once. */
    text(): Promise<string>;
    /** The same result; nothing of it is used up by reading. */
    clone(): TelemetryResult;
}
/** Collects, sends, and resolves with the outcome. It never rejects. */
export interface SendClientTelemetry {
    /** @param externalIds - names to attach to this visit */
    (externalIds?: ExternalIds | null): Promise<TelemetryResult>;
    /** The older form: the same as `{customerId, transactionId}`. */
    (customerId?: string | null, transactionId?: string | null): Promise<TelemetryResult>;
}
