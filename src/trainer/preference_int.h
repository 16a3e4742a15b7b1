/*
 * trainer/preference_int.h: losses of one pair of answers, a better one (y_w) and a worse one (y_l), from their
 * log-probabilities: pure functions. Log-probabilities are sums over an answer's tokens; n is their number.
 *
 * DPO (Rafailov et al. 2023, eq. 7), with h = log pi(y_w)/ref(y_w) - log pi(y_l)/ref(y_l):
 *	sigmoid:  -log s(beta h);  with smoothing e (cDPO, Mitchell 2023): (1 - e) of that and e of -log s(-beta h)
 *	hinge:    max(0, 1 - beta h)                  (SLiC's loss, Zhao et al. 2023, on DPO's h)
 *	ipo:      (h - 1 / (2 beta))^2                (Azar et al. 2023, eq. 17; of means over tokens, as TRL has it)
 *	length_normalized: means over tokens in h     (Meng et al. 2024, section 4.1: "DPO w/ LN")
 *	rpo_alpha: + rpo_alpha x mean of -log pi(y_w) over its tokens (Pang et al. 2024, eq. 1)
 * ORPO (Hong et al. 2024, eqs. 3 to 7): P = exp(mean log pi), odds = P / (1 - P):
 *	mean of -log pi(y_w)  +  beta x -log s(log odds(y_w) - log odds(y_l))
 * SimPO (Meng et al. 2024, eq. 6): -log s(beta (mean log pi(y_w) - mean log pi(y_l)) - gamma), smoothed like cDPO.
 */
#ifndef TW_TRAINER_PREFERENCE_INT_H
#define TW_TRAINER_PREFERENCE_INT_H

#include <stdbool.h>

enum tw_preference_kind {
	TW_PREFERENCE_SIGMOID,
	TW_PREFERENCE_HINGE,
	TW_PREFERENCE_IPO,
	TW_PREFERENCE_ORPO,
	TW_PREFERENCE_SIMPO
};

struct tw_preference {
	enum tw_preference_kind kind;
	bool length_normalized;
	double beta, smoothing, gamma, rpo_alpha;
};

/* [0]: of the better answer, [1]: of the worse one. */
struct tw_pair {
	double logp[2], ref[2]; /* ref: where the kind has a reference */
	int n[2];
};

struct tw_pair_loss {
	double loss;
	double dlogp[2];  /* derivatives of the loss */
	double reward[2]; /* what the model gives for the answers, as the loss sees it */
};

struct tw_pair_loss tw_preference_loss(const struct tw_preference *p, const struct tw_pair *pair);

#endif
