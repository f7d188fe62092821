// SPDX-License-Identifier: BSD-3-Clause
/* Secrets from the file; options answered. */
#include "io/clients.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "clients.cookie-secret"
enum { DIGITS = 2 * HF_SIPHASH_KEY, FILE_MAX = 4096 };

/* One or two secrets in hexadecimal, apart by blanks or lines. False on anything else. */
static bool read_secrets(const char *text, struct hf_cookie_secrets *secrets)
{
	secrets->count = 0;
	for (;;) {
		text += strspn(text, " \t\r\n");
		if (!*text)
			return secrets->count > 0;
		if (secrets->count == HF_COOKIE_SECRETS || strspn(text, "0123456789abcdefABCDEF") != DIGITS)
			return false;
		for (unsigned i = 0; i < HF_SIPHASH_KEY; i++) {
			const char octet[] = {text[2 * i], text[2 * i + 1], '\0'};

			secrets->keys[secrets->count][i] = (uint8_t)strtoul(octet, NULL, 16);
		}
		secrets->count++;
		text += DIGITS;
	}
}

static bool read_secrets_file(const char *path, struct hf_cookie_secrets *secrets, char error[HF_CONFIG_ERROR_MAX])
{
	char text[FILE_MAX];
	FILE *file = fopen(path, "re");
	size_t length;
	bool good = false;

	if (!file) {
		snprintf(error, HF_CONFIG_ERROR_MAX, KEY ": %.300s: %s", path, strerror(errno));
		return false;
	}
	length = fread(text, 1, sizeof(text) - 1, file);
	if (ferror(file) || !feof(file)) {
		snprintf(error, HF_CONFIG_ERROR_MAX, KEY ": %.300s: %s", path,
			 ferror(file) ? strerror(errno) : "too long");
	} else {
		text[length] = '\0';
		good = strlen(text) == length && read_secrets(text, secrets);
		if (!good)
			snprintf(error, HF_CONFIG_ERROR_MAX,
				 KEY ": %.300s: wanted are one or two secrets of %d hexadecimal digits", path, DIGITS);
	}
	fclose(file);
	explicit_bzero(text, sizeof(text));
	return good;
}

/* The text itself is not shown: it may be a secret with a slip in it. */
static bool take_secrets(const char *text, const uint8_t drawn[HF_SIPHASH_KEY], struct hf_cookie_secrets *secrets,
			 char error[HF_CONFIG_ERROR_MAX])
{
	if (!*text) {
		secrets->count = 1;
		memcpy(secrets->keys[0], drawn, HF_SIPHASH_KEY);
		return true;
	}
	if (*text == '/')
		return read_secrets_file(text, secrets, error);
	if (read_secrets(text, secrets))
		return true;
	snprintf(error, HF_CONFIG_ERROR_MAX,
		 KEY ": wanted are one or two secrets of %d hexadecimal digits, or the path of a file with them", DIGITS);
	return false;
}

struct hf_clients *hf_clients_new(const struct hf_config *config, const uint8_t drawn[HF_SIPHASH_KEY],
				  char error[HF_CONFIG_ERROR_MAX])
{
	struct hf_clients *clients = calloc(1, sizeof(*clients));

	snprintf(error, HF_CONFIG_ERROR_MAX, "out of memory");
	if (!clients)
		return NULL;
	if (!take_secrets(config->cookie_secret, drawn, &clients->secrets, error)) {
		hf_clients_free(clients);
		return NULL;
	}
	clients->cookies = config->cookies;
	clients->require_cookies = config->cookies && config->require_cookies;
	clients->nsid_length = (uint16_t)strnlen(config->nsid, HF_NSID_MAX);
	memcpy(clients->nsid, config->nsid, clients->nsid_length);
	clients->tcp_per_source = config->tcp_clients_per_source;
	clients->tcp_queries = config->tcp_queries_per_connection;
	return clients;
}

void hf_clients_free(struct hf_clients *clients)
{
	if (!clients)
		return;
	explicit_bzero(&clients->secrets, sizeof(clients->secrets));
	free(clients);
}

void hf_clients_answer_options(const struct hf_clients *clients, struct hf_query_options *options,
			       const struct hf_address *client, bool tcp, uint16_t keepalive, int64_t wall_s)
{
	if (!tcp)
		options->asked &= (uint8_t)~HF_ASKED_KEEPALIVE; /* RFC 7828 §3.2.2 */
	options->keepalive = keepalive;
	if (!clients || !clients->cookies)
		options->asked &= (uint8_t)~HF_ASKED_COOKIE;
	if (!clients || clients->nsid_length == 0)
		options->asked &= (uint8_t)~HF_ASKED_NSID;
	if (!(options->asked & HF_ASKED_COOKIE))
		return;
	options->cookie_state = hf_cookie_answer(options->cookie, options->cookie_length, client, wall_s, &clients->secrets);
	options->cookie_length = HF_COOKIE_SIZE;
}
