// SPDX-License-Identifier: BSD-3-Clause
/* What the tools say to the daemons, over a Unix stream socket (mode 0660): one JSON object per line each way.
 *
 *   → {"method": "lookup", "params": {"name": "www.example.", "type": "A"}}
 *   ← {"result": {…}}            or   {"error": "text for a person"}
 *
 * A connection may carry several requests, answered in order. A line is at most HF_RPC_LINE_MAX octets.
 * The dataplane serves its methods on dataplane.sock. holdfastd serves all on holdfastd.sock: its own, and the
 * dataplane's by handing them on and adding what the kernel tables hold. holdfastctl asks holdfastd and, when that is not
 * there, the dataplane.
 *
 * Dataplane methods:
 *   status           → {version, pid, uptime_s, io, listen: [..], resolver_threads, fastpath: bool, ready: bool}
 *   stats            → {workers: {counter: n…, drops: {reason: n…}}, resolver: {…}, cache: {…}, hot: {…}, tcp: {…}}; names as in the C lists
 *   lookup {name,type} → {facts: [{type, class, fact, rank, ttl, rrs: [text…]}], answers: [{type, class, do, cd, rcode, ttl, kernel: bool,
 *                      workers: bool}]}; kernel and workers say which of the two tiers holds the answer
 *   flush {name, subtree: bool} → {removed_facts_and_answers, removed_hot}
 *   hot {count}      → {names: [{name, type, hits, ttl}]} most asked first
 *   limits           → {limited: [{time, event, what}]} zones and servers that were limited, newest first
 *   reload {path}    → {} ; a bad file is an error and changes nothing
 *   trace {name,type}→ {rcode, story: [line…]}
 *   log {level?, queries?, sample?} → {}
 * holdfastd's own:
 *   status, stats (with "kernel": {counter: n…, drops: {…}}), reload, doctor → {checks: [{name, ok, text, mend}]}
 */
#pragma once
#define HF_RPC_IDLE_MS 30000 /* a connection that neither asks nor reads for so long is closed */
#define HF_RPC_LINE_MAX (1 << 20)
