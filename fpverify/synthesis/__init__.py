"""Fingers from a seed: orientation, period, ridges, labels, impressions.

The steps are separate so that each can be looked at and tested alone:

    flow          how calm, how far apart       (`flow.Flow`)
    orientation   which way ridges run          (`orientation.draw_orientation`)
    period        how far apart, where          (`period.draw_period`)
    growth        ridges out of noise           (`growth.grow_ridges`)
    labels        where ridges end              (`labels.find_minutiae`)
    finger        all of it: a `MasterFinger`   (`finger.draw_finger`)
    placement     finger on sensor: a `Map`     (`placement.draw_placement`)
    twist         skin that sticks and bends    (`twist.draw_twist`)
    skin          dry, wet, worn, wrinkled      (`skin.draw_ink`)
    plate         dust and streaks around it    (`plate.draw_specks`, `plate.draw_streaks`)
    sensor        window, background, noise     (`sensor.SENSORS`)
    impression    all of it: an `Impression`    (`impression.draw_impression`)
    nonprints     images that are no print      (`nonprints.draw_nonprint`)
    patterns      even lines that are no print  (`patterns.draw_pattern`)
    dataset       folders and pools of them     (`dataset.write_ridges`, `dataset.MasterPool`)

Everything happens at the working resolution, 250 ppi. Randomness enters as `rng` and nowhere else.
"""
