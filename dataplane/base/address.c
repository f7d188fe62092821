// SPDX-License-Identifier: BSD-3-Clause
/* Addresses with ports, as text. */
#include "base/address.h"
#include <arpa/inet.h>
#include <stdio.h>

const char *hf_address_to_text(const struct hf_address *address, char out[HF_ADDRESS_TEXT_MAX])
{
	char ip[INET6_ADDRSTRLEN];

	if (address->family == 4 && inet_ntop(AF_INET, address->bytes, ip, sizeof(ip)))
		snprintf(out, HF_ADDRESS_TEXT_MAX, "%s:%u", ip, address->port);
	else if (address->family == 6 && inet_ntop(AF_INET6, address->bytes, ip, sizeof(ip)))
		snprintf(out, HF_ADDRESS_TEXT_MAX, "[%s]:%u", ip, address->port);
	else
		snprintf(out, HF_ADDRESS_TEXT_MAX, "none");
	return out;
}

/* Digits only (strtoul would take blanks and signs), 1–65535. */
static bool port_from_text(const char *text, uint16_t *port)
{
	unsigned value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > 65535)
			return false;
	}
	*port = (uint16_t)value;
	return value != 0;
}

bool hf_address_from_text(const char *text, uint16_t default_port, struct hf_address *out)
{
	struct hf_address address = {.port = default_port};
	char ip[INET6_ADDRSTRLEN];
	const char *end, *port = NULL;

	if (*text == '[') {
		text++;
		end = strchr(text, ']');
		if (!end || end[1] != ':')
			return false;
		port = end + 2;
		address.family = 6;
	} else {
		end = strchr(text, ':');
		if (end && strchr(end + 1, ':')) {
			end = NULL; /* two colons: an IPv6 address without a port */
			address.family = 6;
		} else {
			port = end ? end + 1 : NULL;
			address.family = 4;
		}
		if (!end)
			end = text + strlen(text);
	}
	if ((size_t)(end - text) >= sizeof(ip))
		return false;
	memcpy(ip, text, (size_t)(end - text));
	ip[end - text] = '\0';
	if (inet_pton(address.family == 4 ? AF_INET : AF_INET6, ip, address.bytes) != 1)
		return false;
	if (port && !port_from_text(port, &address.port))
		return false;
	*out = address;
	return true;
}
