// SPDX-License-Identifier: GPL-2.0
/*
 * RFC 6479: the bits are a ring of words. Moving the window on clears the words that it
 * enters, never shifts anything; one word more than the window keeps the two ends apart.
 */
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "replay.h"

enum { RING_WORDS = REPLAY_WINDOW_BITS / BITS_PER_LONG };

static_assert((RING_WORDS & (RING_WORDS - 1)) == 0, "positions in the ring are masked");

void replay_init(struct replay_window *window)
{
	memset(window, 0, sizeof(*window));
}

/* Clear the words after that of @window->greatest, up to and with that of @number. */
static void enter(struct replay_window *window, u64 number)
{
	u64 word = window->greatest / BITS_PER_LONG;
	u64 words = min_t(u64, number / BITS_PER_LONG - word, RING_WORDS);

	while (words--)
		window->seen[++word % RING_WORDS] = 0;
}

bool replay_accept(struct replay_window *window, u64 counter)
{
	u64 number = counter + 1;	/* as in the RFC: 0 is "none yet" */
	unsigned long bit, *word;

	if (counter >= REJECT_AFTER_MESSAGES)
		return false;
	if (number + REPLAY_WINDOW_SIZE < window->greatest)
		return false;

	if (number > window->greatest) {
		enter(window, number);
		window->greatest = number;
	}

	word = &window->seen[number / BITS_PER_LONG % RING_WORDS];
	bit = BIT(number % BITS_PER_LONG);
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}
