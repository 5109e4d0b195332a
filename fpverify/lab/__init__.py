"""Published Siamese designs, rebuilt in Keras and measured on one scale.

    design     what a design is made of             (`design.Design`)
    designs    the designs, a module for each source (`designs.all_designs`)
    examples   stripes, prints, digits, photographs  (`examples.read_examples`)
    pairs      which examples a design compares      (`pairs.MinEquals`, ...)
    towers     networks                              (`towers.DenseTower`, ...)
    losses     what they make small                  (`losses.contrastive`, ...)
    learners   network, batch and comparison as one  (`learners.Siamese`, ...)
    loop       training                              (`loop.trained`)
    measures   accuracy, error rates, candidates     (`measures.figures`)
    trials     one training, measured and stored     (`trials.run_trial`)
    table      all of them                           (`table.run_table`)
    document   the page about them                   (`document.write_document`)
    six        the picture of six columns            (`six.draw_six`)

Keras is imported inside the functions that use it: a list of the designs needs none.
"""
