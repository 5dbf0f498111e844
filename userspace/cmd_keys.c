// SPDX-License-Identifier: GPL-2.0
/* genkey, genpsk, pubkey: no device is needed for these. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sodium/crypto_scalarmult_curve25519.h>

#include "commands.h"
#include "encoding.h"
#include "key.h"

static int print_key(const uint8_t key[KEY_LEN])
{
	char text[KEY_BASE64_LEN];

	key_to_base64(text, key);
	puts(text);
	explicit_bzero(text, sizeof(text));
	return finish_output();
}

static int print_random(const char *command, char *const *args, bool is_private)
{
	uint8_t key[KEY_LEN];
	int ret;

	if (args[0])
		return usage_error(command);
	warn_world_readable();
	ret = key_generate(key, is_private);
	if (ret) {
		fprintf(stderr, "%s: getrandom: %s\n", prog_name, strerror(-ret));
		return 1;
	}
	ret = print_key(key);
	explicit_bzero(key, sizeof(key));
	return ret;
}

/**
 * cmd_genkey() - print a new private key
 * @args: none are allowed
 *
 * Return: the exit code.
 */
int cmd_genkey(char *const *args)
{
	return print_random("genkey", args, true);
}

/**
 * cmd_genpsk() - print a new preshared key
 * @args: none are allowed
 *
 * Return: the exit code.
 */
int cmd_genpsk(char *const *args)
{
	return print_random("genpsk", args, false);
}

/* One key on stdin, white space behind it and nothing else. Return: what is wrong, or NULL. */
static const char *read_key(uint8_t key[KEY_LEN])
{
	static char buffer[256];	/* stdio's own would keep the key */
	const char *wrong = NULL;
	char text[KEY_BASE64_LEN];
	int c;

	setvbuf(stdin, buffer, _IOFBF, sizeof(buffer));
	text[fread(text, 1, sizeof(text) - 1, stdin)] = '\0';
	if (key_from_base64(key, text))
		wrong = "Key is not the correct length or format";
	while (!wrong && (c = getchar()) != EOF)
		if (!isspace(c))
			wrong = "Trailing characters found after key";
	if (!wrong && ferror(stdin))
		wrong = strerror(errno);
	explicit_bzero(buffer, sizeof(buffer));
	explicit_bzero(text, sizeof(text));
	return wrong;
}

/**
 * cmd_pubkey() - read a private key, print its public key
 * @args: none are allowed
 *
 * Return: the exit code.
 */
int cmd_pubkey(char *const *args)
{
	uint8_t key[KEY_LEN], public_key[KEY_LEN];
	const char *wrong;
	int ret = 1;

	if (args[0])
		return usage_error("pubkey");
	wrong = read_key(key);
	if (wrong)
		fprintf(stderr, "%s: %s\n", prog_name, wrong);
	else if (crypto_scalarmult_curve25519_base(public_key, key))
		fprintf(stderr, "%s: Key has no public key\n", prog_name);
	else
		ret = print_key(public_key);
	explicit_bzero(key, sizeof(key));
	return ret;
}
