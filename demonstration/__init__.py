"""The demonstration: Dakar 2005 and the Université d'été 2007, told through the operations people use."""
