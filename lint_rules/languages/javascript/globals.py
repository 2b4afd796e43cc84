"""Names that the platform binds: ECMAScript, Node.js, and what Node shares with browsers."""

_NAMES = """
AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error
EvalError FinalizationRegistry Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array
Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
SharedArrayBuffer String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array
Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape
eval isFinite isNaN parseFloat parseInt undefined unescape
AbortController AbortSignal Blob BroadcastChannel Buffer ByteLengthQueuingStrategy CloseEvent
CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DecompressionStream Event
EventSource EventTarget File FormData Headers MessageChannel MessageEvent MessagePort Navigator Performance
PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver ReadableStream Request Response
Storage SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream URL
URLSearchParams WebAssembly WebSocket WritableStream atob btoa clearImmediate clearInterval clearTimeout
console crypto fetch localStorage navigator performance process queueMicrotask sessionStorage setImmediate
setInterval setTimeout structuredClone
"""

GLOBALS = frozenset(_NAMES.split())

MODULE_NAMES = frozenset({"require", "module", "exports", "__filename", "__dirname"})
"""What Node binds in every CommonJS module."""

GLOBAL_OBJECTS = frozenset({"globalThis", "global"})
