"""
Steps of other trainers on the same tokens, weights and first values as bench/train_step.c takes: PEFT in a plain loop, and
TRL's SFTTrainer. Float32 on the CPU. Called by bench/train.py; speaks as train_step does, a line of JSON for each command.

    train_peer.py base GGUF FOLDER      first: the base in float32, as transformers stores models
    train_peer.py peft|trl FOLDER IDS MASK A ROWS TOKENS THREADS RANK 0|1|2     1: checkpointing; 2: DoRA
"""

import json
import os
import resource
import sys
import time

THREADS = int(sys.argv[8]) if len(sys.argv) > 8 else 1
os.environ.update(OMP_NUM_THREADS=str(THREADS), OMP_WAIT_POLICY="passive", TOKENIZERS_PARALLELISM="false",
                  HF_HUB_OFFLINE="1", TRL_EXPERIMENTAL_SILENCE="1")

sys.path.pop(0)  # so that no file beside this one stands in for a package

import numpy as np  # noqa: E402
import peft  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

PROJECTIONS = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
               "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]
LR, DECAY = 2e-4, 0.01


def rss():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(**what):
    print(json.dumps(what), flush=True)


def make_base(gguf, to):
    """Trainer refuses a model that it knows to come from a GGUF, so what it gets is a float32 model like any other."""
    folder, name = os.path.split(gguf)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    plain = type(model)(type(model.config)(**{k: v for k, v in model.config.to_dict().items() if k != "quantization_config"}))
    plain.load_state_dict(model.state_dict())
    plain.save_pretrained(to)
    transformers.AutoTokenizer.from_pretrained(folder, gguf_file=name).save_pretrained(to)


def adapted(path, rank, firsts, dora):
    """The base in float32, with an adapter whose As are given; its Bs are 0."""
    config = peft.LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, use_dora=dora, task_type="CAUSAL_LM",
                             target_modules=[p.split(".")[1] for p in PROJECTIONS])
    model = peft.get_peft_model(transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32), config)
    values, at = np.fromfile(firsts, dtype=np.float32), 0
    for block in model.base_model.model.model.layers:
        for name in PROJECTIONS:
            a = block.get_submodule(name).lora_A["default"].weight
            a.data.copy_(torch.from_numpy(values[at:at + a.numel()].reshape(a.shape)))
            at += a.numel()
    assert at == len(values), "the As are of another model"
    model.config.use_cache = False
    return model


class Clock:
    def __init__(self):
        self.wall, self.cpu = time.monotonic(), time.process_time()

    def seconds(self):
        return {"wall": time.monotonic() - self.wall, "cpu": time.process_time() - self.cpu}


def peft_steps(model, ids, labels, checkpointing):
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=LR, weight_decay=DECAY)
    say(ready=True, rss=rss())
    for _ in sys.stdin:
        clock = Clock()
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        say(loss=loss.item(), **clock.seconds())
    say(rss=rss())


def trl_steps(model, ids, labels, checkpointing, tokenizer, work):
    import datasets
    import trl

    class Stepwise(transformers.TrainerCallback):
        """Waits for a command before each step, and answers after it."""

        def on_step_begin(self, args, state, control, **_):
            if not sys.stdin.readline():
                say(rss=rss())
                os._exit(0)
            self.clock = Clock()

        def on_step_end(self, args, state, control, **_):
            self.seconds = self.clock.seconds()

        def on_log(self, args, state, control, logs=None, **_):
            if "loss" in logs:
                say(loss=float(logs["loss"]), **self.seconds)

    class InOrder(trl.SFTTrainer):
        def _get_train_sampler(self, *_):
            return torch.utils.data.SequentialSampler(self.train_dataset)

    steps = 1000
    rows = datasets.Dataset.from_dict({"input_ids": ids.tolist() * steps, "labels": labels.tolist() * steps})
    config = trl.SFTConfig(
        output_dir=work, use_cpu=True, bf16=False, gradient_checkpointing=checkpointing, max_length=None,
        per_device_train_batch_size=len(ids), max_steps=steps, learning_rate=LR, weight_decay=DECAY, max_grad_norm=0.0,
        lr_scheduler_type="constant", logging_steps=1, save_strategy="no", report_to="none", disable_tqdm=True)
    trainer = InOrder(model=model, args=config, train_dataset=rows, processing_class=tokenizer, callbacks=[Stepwise()])
    trainer.remove_callback(transformers.PrinterCallback)
    say(ready=True, rss=rss())
    trainer.train()


def main():
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    if sys.argv[1] == "base":
        make_base(*sys.argv[2:4])
        return
    kind, path, ids, mask, firsts = sys.argv[1:6]
    rows, tokens, _, rank, options = map(int, sys.argv[6:11])
    checkpointing, dora = options == 1, options == 2
    torch.set_num_threads(THREADS)
    ids = torch.from_numpy(np.fromfile(ids, dtype=np.int32).reshape(rows, tokens)).long()
    labels = ids.masked_fill(torch.from_numpy(np.fromfile(mask, dtype=np.uint8).reshape(rows, tokens)) == 0, -100)
    model = adapted(path, rank, firsts, dora)
    if kind == "peft":
        peft_steps(model, ids, labels, checkpointing)
    else:
        trl_steps(model, ids, labels, checkpointing, transformers.AutoTokenizer.from_pretrained(path), firsts + ".trl")


if __name__ == "__main__":
    main()
