/*
 * trainer/rescue_int.h: a checkpoint at once, when the launcher of several ranks asks to stop.
 *
 * When one rank dies, mpirun sends the others SIGTERM, and SIGKILL a second later: less than a pass may take, after
 * which the loop would save by itself. So a thread of rank 0 waits for the signal, and saves while the loop
 * computes, in windows that the loop opens where the state is at rest.
 */
#ifndef TW_TRAINER_RESCUE_INT_H
#define TW_TRAINER_RESCUE_INT_H

struct tw_train_loop;
struct tw_rescue; /* opaque */

/* NULL where there is one rank: nobody is in a hurry. NULL is fine below. */
struct tw_rescue *tw_rescue_new(struct tw_train_loop *l);
void tw_rescue_free(struct tw_rescue *r);

/* The loop's thread changes l->state outside of windows alone. */
void tw_rescue_open_window(struct tw_rescue *r);
void tw_rescue_close_window(struct tw_rescue *r);

/* Says, once, that the checkpoint is there and what to do with it. */
void tw_rescue_tell(struct tw_rescue *r);

#endif
